# What a container is given, as sections of lines; run in it by features.py, with busybox and features.c's program.
section() { echo "== $1"; }
section status; grep -E '^(Cap|NoNewPrivs|Seccomp|Uid|Gid|Groups|Umask|Speculation)' /proc/self/status
section first; grep -E '^(Cap|NoNewPrivs|Seccomp|Uid|Gid|Groups|Umask)' /proc/1/status
section mountinfo; cat /proc/self/mountinfo
section namespaces; for n in /proc/self/ns/*; do echo "${n##*/} $(readlink $n)"; done
section cgroup; cat /proc/self/cgroup
section limits; cat /proc/self/limits
section process; echo "oom $(cat /proc/self/oom_score_adj)"; echo "cwd $(pwd)"; echo "umask $(umask)"; echo "id $(id)"; echo "hostname $(hostname)"
    echo "tty $(tty)"; echo "fds $(ls /proc/self/fd | wc -l)"; echo "domain $(cat /proc/sys/kernel/domainname)"
    grep -E '^(SigBlk|SigIgn|SigCgt)' /proc/self/status; echo "scheduler $(cut -d' ' -f19,41 /proc/self/stat)"
    echo "label $(cat /proc/self/attr/current 2>&1)"; echo "personality $(cat /proc/self/personality 2>&1)"; echo "timens $(cat /proc/self/timens_offsets 2>/dev/null | tr '\n' ' ')"
section environment; env
section dev; find /dev | while read f; do if [ -L $f ]; then echo "$f -> $(readlink $f)"; else stat -c '%n %F %t:%T %a %u:%g' $f; fi; done
section root; for f in /*; do stat -c '%n %F %a %u:%g' $f; done
section etc; for f in /etc/hosts /etc/hostname /etc/resolv.conf /etc/mtab; do stat -c '%n %F %a %u:%g' $f 2>&1; done; cat /etc/hosts; readlink /etc/mtab
section sysctl; for f in kernel/shm* kernel/msg* kernel/sem fs/mqueue/* net/ipv4/ping_group_range net/ipv4/ip_unprivileged_port_start net/ipv4/ip_forward net/ipv6/conf/all/disable_ipv6 \
    net/ipv4/ip_local_port_range net/core/somaxconn net/ipv4/conf/all/rp_filter; do echo "$f $(cat /proc/sys/$f 2>&1 | tr '\t\n' '  ')"; done
section links; ls /sys/class/net | sort
section cgroups; for f in /sys/fs/cgroup/* /sys/fs/cgroup/*/cgroup.procs; do [ -L $f ] && echo "$f -> $(readlink $f)" || stat -c '%n %F %a' $f; done 2>/dev/null | head -80
section probe; features
