/* A QEMU plugin that counts the guest's instructions and prints the sum when the guest ends.
 *
 *     cc -shared -fPIC -O2 -o count.so count.c
 *     qemu-aarch64 -d plugin -plugin ./count.so ...
 *
 * The few declarations it needs of QEMU's plugin interface (version 1, QEMU 4.2 to 8.2; the callback used here is
 * the same in later ones) stand here, so that no QEMU source is wanted to build it. */
#include <inttypes.h>
#include <stdio.h>
#include <stddef.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, void (*)(unsigned int, void *), int flags, void *);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, void *), void *);
void qemu_plugin_outs(const char *text);

#ifndef PLUGIN_VERSION
#define PLUGIN_VERSION 1
#endif
__attribute__((visibility("default"))) int qemu_plugin_version = PLUGIN_VERSION;

static uint64_t count; /* one guest thread at a time computes here, so a plain sum is exact */

static void executed(unsigned int cpu, void *instructions)
{
    (void)cpu;
    count += (uintptr_t)instructions;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, 0, (void *)(uintptr_t)qemu_plugin_tb_n_insns(tb));
}

static void ended(qemu_plugin_id_t id, void *unused)
{
    char line[64];
    (void)id;
    (void)unused;
    snprintf(line, sizeof line, "instructions: %" PRIu64 "\n", count);
    qemu_plugin_outs(line);
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc,
                                                               char **argv)
{
    (void)info;
    (void)argc;
    (void)argv;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
