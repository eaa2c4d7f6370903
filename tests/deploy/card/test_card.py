"""A card from beginning to end, on a file that stands for it."""

from tests.deploy.card import images
from tests.deploy.card.images import MIB


def test_a_card_is_written_read_back_and_given_its_first_boot_files(workplace, trixie):
    status, out, complaint = workplace.run(trixie)
    assert (status, [line for line in complaint.splitlines() if "deploy card" in line]) == (0, [])
    assert "read back: equal" in out
    assert workplace.fat("user-data").startswith(b"#cloud-config\n")
    assert workplace.fat("kiosk/COMMIT") == f"{images.COMMIT}\n".encode()


def test_every_byte_outside_the_first_boot_files_is_the_images(workplace, trixie):
    workplace.run(trixie)
    image, card = trixie.with_suffix("").read_bytes(), workplace.card.read_bytes()
    assert len(card) == images.SIZE + 2 * MIB
    assert card[: images.FAT_AT] == image[: images.FAT_AT]
    assert card[images.ROOT_AT : images.SIZE] == image[images.ROOT_AT :]
    assert not any(card[images.SIZE :])
    assert workplace.fat("config.txt") == b"camera_auto_detect=1\n"


def test_what_changed_on_the_fat_partition_is_little_more_than_the_files(workplace, trixie):
    _, out, _ = workplace.run(trixie)
    image, card = trixie.with_suffix("").read_bytes(), workplace.card.read_bytes()
    sectors = range(images.FAT_AT, images.ROOT_AT, 512)
    changed = sum(card[at : at + 512] != image[at : at + 512] for at in sectors)
    sizes = [int(line.split()[-2]) for line in out.splitlines() if line.startswith("  ")]
    needed = sum(-(-size // 512) for size in sizes)
    assert needed < changed < needed + 20  # two FATs, the free count, two folders


def test_a_dry_run_says_every_step_and_writes_nothing(workplace, trixie):
    before = workplace.card.read_bytes()
    status, out, _ = workplace.run(trixie, "--dry-run", typed="")
    assert status == 0
    assert workplace.card.read_bytes() == before
    assert "system: trixie, 64-bit, set up at its first start by cloud-init" in out
    assert "  kiosk/first-boot.sh: " in out
    assert "ds=nocloud;i=kiosk-" in out


def test_an_unpacked_image_is_as_good(workplace, bookworm):
    plain = bookworm.with_suffix("")
    images.add_sum(plain)
    status, out, _ = workplace.run(plain, system="bookworm")
    assert (status, "first start by firstrun.sh" in out) == (0, True)
    assert b"systemd.run=/boot/firstrun.sh" in workplace.fat("cmdline.txt")


def test_what_lay_on_the_card_is_gone(workplace, trixie):
    workplace.run(trixie)
    assert workplace.card.read_bytes()[3 * MIB : 3 * MIB + 4096] == bytes(4096)
