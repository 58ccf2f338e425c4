/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * seed - credits the kernel's random pool with a constant.
 *
 * The emulated machine has no source of randomness, and the first getrandom()
 * would make one by spinning for an emulated second.  Nothing in the lab is
 * secret, and the same bytes at every boot keep runs comparable.
 */
#include <fcntl.h>
#include <linux/random.h>
#include <stdio.h>
#include <sys/ioctl.h>

#define SEED_WORDS 16

int main(void)
{
    union {
        struct rand_pool_info info;
        int words[sizeof(struct rand_pool_info) / sizeof(int) + SEED_WORDS];
    } pool = { .info = { .entropy_count = SEED_WORDS * 32, .buf_size = SEED_WORDS * 4 } };
    int fd = open("/dev/urandom", O_RDWR);

    if (fd < 0 || ioctl(fd, RNDADDENTROPY, &pool) < 0) {
        perror("seed: /dev/urandom");
        return 1;
    }
    return 0;
}
