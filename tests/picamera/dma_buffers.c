/* Stands in for the kernel's providers of dma-bufs, /dev/udmabuf and /dev/dma_heap/, where it has neither.
 *
 *     cc -shared -fPIC -o dma_buffers.so dma_buffers.c && LD_PRELOAD=./dma_buffers.so PROGRAM
 *
 * A program that asks one of them for a buffer gets anonymous memory (a memfd) in its place. That can be mapped,
 * passed on and closed as a dma-buf can; only devices cannot write into it, and libcamera's virtual camera has none.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *stand_in(const char *path)
{
    int provider = path && (!strcmp(path, "/dev/udmabuf") || !strncmp(path, "/dev/dma_heap/", 14));
    return provider ? "/dev/null" : path;
}

static int mode_of(int flags, va_list rest)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, int) : 0;
}

#define OPEN(name)                                                                     \
    int name(const char *path, int flags, ...)                                         \
    {                                                                                  \
        int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, #name);                 \
        va_list rest;                                                                  \
        va_start(rest, flags);                                                         \
        int mode = mode_of(flags, rest);                                               \
        va_end(rest);                                                                  \
        return real(stand_in(path), flags, mode);                                      \
    }

#define OPENAT(name)                                                                   \
    int name(int folder, const char *path, int flags, ...)                             \
    {                                                                                  \
        int (*real)(int, const char *, int, ...) = dlsym(RTLD_NEXT, #name);            \
        va_list rest;                                                                  \
        va_start(rest, flags);                                                         \
        int mode = mode_of(flags, rest);                                               \
        va_end(rest);                                                                  \
        return real(folder, stand_in(path), flags, mode);                              \
    }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

static int heap_buffer(struct dma_heap_allocation_data *asked)
{
    int memory = memfd_create("buffer", MFD_CLOEXEC);
    if (memory < 0 || ftruncate(memory, asked->len))
        return -1;
    asked->fd = memory;
    return 0;
}

int ioctl(int file, unsigned long request, ...)
{
    int (*real)(int, unsigned long, ...) = dlsym(RTLD_NEXT, "ioctl");
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    switch ((unsigned)request) { /* callers extend the sign of some */
    case (unsigned)UDMABUF_CREATE:
        return fcntl(((struct udmabuf_create *)argument)->memfd, F_DUPFD_CLOEXEC, 0);
    case (unsigned)DMA_HEAP_IOCTL_ALLOC:
        return heap_buffer(argument);
    case (unsigned)DMA_BUF_IOCTL_SYNC:
    case (unsigned)DMA_BUF_SET_NAME_A:
    case (unsigned)DMA_BUF_SET_NAME_B:
        return 0;
    default:
        return real(file, request, argument);
    }
}
