// Project quotas: how much the folders of a project may take together. The same calls for xfs and ext4.
#pragma once
#include <stdint.h>

// What a project takes and may take, in blocks of 512 bytes; a limit of 0 is none.
struct linux_project {
    uint64_t blocks, files, limit;
};

// The project of the open folder or file; `inherits` is 1 where all that is made in it gets the same project.
// FS_IOC_FSGETXATTR
int linux_get_project(int fd, uint32_t *project, int *inherits);
// Gives the open folder, and what will be made in it, to a project. FS_IOC_FSSETXATTR
int linux_set_project(int fd, uint32_t project);

// 1 where the kernel has quotactl_fd(2) (Linux 5.14).
int linux_has_quotactl_fd(void);

// What follows asks the file system on which `fd` is, through quotactl_fd(2); through quotactl(2) where `node` is not
// null: a block device node of that file system's device.

// 0 without project quotas, 1 where they only count, 2 where they limit. Q_XGETQSTAT
int linux_project_quotas(int fd, const char *node);
// All zero for a project that was never used. Q_XGETQUOTA
int linux_read_project(int fd, const char *node, uint32_t project, struct linux_project *found);
// Limits the project to so many blocks; 0 takes the limit away. Q_XSETQLIM
int linux_limit_project(int fd, const char *node, uint32_t project, uint64_t blocks);
// Fails where this process may not set limits, and sets none. Q_XSETQLIM
int linux_may_limit_projects(int fd, const char *node, uint32_t project);
