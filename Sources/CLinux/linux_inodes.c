#define _GNU_SOURCE
#include "linux_inodes.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

int linux_open_direct(const char *path) { return open(path, O_RDONLY | O_DIRECT | O_CLOEXEC); }

int linux_checkpoint_ext4(int folder) {
    uint32_t flags = 0;
    return ioctl(folder, _IOW('f', 43, uint32_t), &flags);
}

// In the child: system calls only.
static int freeze_and_thaw(int folder, int takes_over) {
    int tries = 0;
    while (ioctl(folder, FIFREEZE, 0)) {
        if (errno != EBUSY) return errno;
        // Somebody else froze it.
        if (++tries > 100) return EBUSY;
        if (tries == 100 && takes_over) ioctl(folder, FITHAW, 0);
        usleep(10000);
    }
    return ioctl(folder, FITHAW, 0) ? errno : 0;
}

int linux_thaw(int folder) { return ioctl(folder, FITHAW, 0); }

int linux_freeze_and_thaw(int folder, int takes_over) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t child = _Fork();
    int error = child < 0 ? errno : 0;
    if (!child) _exit(freeze_and_thaw(folder, takes_over));
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (child > 0) {
        int status = 0;
        pid_t done;
        while ((done = waitpid(child, &status, 0)) < 0 && errno == EINTR) continue;
        error = done < 0 ? errno : WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
    }
    errno = error;
    return error ? -1 : 0;
}

static int open_folder(int folder, int type, const void *bytes, unsigned size) {
    _Alignas(struct file_handle) char room[sizeof(struct file_handle) + 16];
    struct file_handle *handle = (struct file_handle *)room;
    handle->handle_bytes = size;
    handle->handle_type = type;
    memcpy(handle->f_handle, bytes, size);
    return open_by_handle_at(folder, handle, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOATIME);
}

int linux_open_ext4_folder(int folder, uint32_t number, uint32_t generation) {
    uint32_t words[2] = {number, generation};
    return open_folder(folder, 1, words, sizeof words);
}

int linux_open_xfs_folder(int folder, uint64_t number, uint32_t generation) {
    uint32_t words[3] = {(uint32_t)number, (uint32_t)(number >> 32), generation};
    return open_folder(folder, 0x81, words, sizeof words);
}

int linux_xfs_chunks(int folder, uint64_t start, struct linux_xfs_chunk *chunks, uint32_t room) {
    struct {
        uint64_t start;
        uint32_t flags, room, found, group;
        uint64_t reserved[5];
    } *request = calloc(1, sizeof *request + room * sizeof *chunks);
    if (!request) return -1;
    request->start = start;
    request->room = room;
    int result = ioctl(folder, _IOC(_IOC_READ, 'X', 128, sizeof *request), request);
    int error = errno;
    if (!result) {
        result = (int)request->found;
        memcpy(chunks, request + 1, request->found * sizeof *chunks);
    }
    free(request);
    errno = error;
    return result;
}
