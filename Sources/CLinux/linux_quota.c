#define _GNU_SOURCE
#include "linux_quota.h"
#include <errno.h>
#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif

int linux_get_project(int fd, uint32_t *project, int *inherits) {
    struct fsxattr attributes;
    if (ioctl(fd, FS_IOC_FSGETXATTR, &attributes)) return -1;
    *project = attributes.fsx_projid;
    *inherits = (attributes.fsx_xflags & FS_XFLAG_PROJINHERIT) != 0;
    return 0;
}

int linux_set_project(int fd, uint32_t project) {
    struct fsxattr attributes;
    if (ioctl(fd, FS_IOC_FSGETXATTR, &attributes)) return -1;
    attributes.fsx_projid = project;
    attributes.fsx_xflags |= FS_XFLAG_PROJINHERIT;
    return ioctl(fd, FS_IOC_FSSETXATTR, &attributes);
}

int linux_has_quotactl_fd(void) {
    // No descriptor -1: only a kernel without the call finds another fault first.
    return syscall(SYS_quotactl_fd, -1, QCMD(Q_XGETQSTAT, PRJQUOTA), 0, 0) == -1 && errno != ENOSYS;
}

static int control(int fd, const char *node, int command, uint32_t project, void *argument) {
    int whole = QCMD(command, PRJQUOTA);
    return node ? syscall(SYS_quotactl, whole, node, project, argument)
                : syscall(SYS_quotactl_fd, fd, whole, project, argument);
}

int linux_project_quotas(int fd, const char *node) {
    struct fs_quota_stat state = {.qs_version = FS_QSTAT_VERSION};
    if (control(fd, node, Q_XGETQSTAT, 0, &state)) return -1;
    if (!(state.qs_flags & FS_QUOTA_PDQ_ACCT)) return 0;
    return state.qs_flags & FS_QUOTA_PDQ_ENFD ? 2 : 1;
}

int linux_read_project(int fd, const char *node, uint32_t project, struct linux_project *found) {
    struct fs_disk_quota quota = {0};
    *found = (struct linux_project){0};
    // xfs makes a record only when a project is used first.
    if (control(fd, node, Q_XGETQUOTA, project, &quota)) return errno == ENOENT ? 0 : -1;
    found->blocks = quota.d_bcount;
    found->files = quota.d_icount;
    found->limit = quota.d_blk_hardlimit;
    return 0;
}

static int limit(int fd, const char *node, uint32_t project, uint64_t blocks, uint16_t fields) {
    struct fs_disk_quota quota = {
        .d_version = FS_DQUOT_VERSION, .d_flags = FS_PROJ_QUOTA, .d_fieldmask = fields, .d_id = project,
        .d_blk_hardlimit = blocks, .d_blk_softlimit = blocks};
    return control(fd, node, Q_XSETQLIM, project, &quota);
}

int linux_limit_project(int fd, const char *node, uint32_t project, uint64_t blocks) {
    return limit(fd, node, project, blocks, FS_DQ_BSOFT | FS_DQ_BHARD);
}

int linux_may_limit_projects(int fd, const char *node, uint32_t project) { return limit(fd, node, project, 0, 0); }
