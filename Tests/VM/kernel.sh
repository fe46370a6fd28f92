# Sourced by run-in-vm: Debian's kernel and a small initramfs for it, fetched and made once, in $tree.

# apt ARGUMENT…: apt-get without its chatter, tried again with fresh package lists.
apt() {
    local get=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends)
    "${get[@]}" "$@" >"$cache/apt.log" 2>&1 ||
        { "${get[@]}" update && "${get[@]}" "$@"; } >>"$cache/apt.log" 2>&1 ||
        { tail -n 20 "$cache/apt.log" >&2; die "apt-get $* failed"; }
}

# need PROGRAM=PACKAGE…: installs the packages of the programs that are missing.
need() {
    local p missing=()
    for p; do command -v "${p%=*}" >/dev/null || missing+=("${p#*=}"); done
    [ ${#missing[@]} = 0 ] || apt install "${missing[@]}"
}

# unpack PACKAGE: puts the package's files into the current directory instead of installing it.
unpack() { apt download "$1" && dpkg -x ./*.deb . && rm ./*.deb; }

# bare_kernel BZIMAGE: the kernel proper, which starts seconds sooner under TCG. The boot header says
# where it is: at 0x1f1 the number of setup sectors less one, at 0x248 the payload's offset behind
# them, at 0x24c its length, whose last four bytes are the unpacked size.
bare_kernel() {
    at() { od -An -t"u$2" -j"$1" -N"$2" "$image" | tr -d ' '; }
    local image=$1 start length unpacker='xz -dc --single-stream'
    start=$((($(at 0x1f1 1) + 1) * 512 + $(at 0x248 4))) length=$(($(at 0x24c 4) - 4))
    [ "$(at $start 4)" != $((0xfd2fb528)) ] || unpacker='zstd -dc'
    dd if="$image" iflag=skip_bytes,count_bytes skip=$start count=$length bs=1M status=none | $unpacker
}

# Fills the current directory with the kernel, its modules and busybox.
fill_tree() {
    local package modules
    # Packages like linux-image-amd64 only depend on the newest kernel's package.
    package=$(apt-cache depends "$kernel" | sed -n 's/^  Depends: \(linux-image-[0-9].*\)/\1/p')
    unpack "${package:-$kernel}"
    modules=$(find . -path '*/modules/[0-9]*' -prune)
    mkdir -p lib/modules root/{dev,host,modules,proc}
    [ -e "lib/modules/${modules##*/}" ] || ln -sr "$modules" lib/modules/
    [ -e "$modules/modules.dep.bin" ] || depmod -b . "${modules##*/}"
    bare_kernel boot/vmlinuz-* >vmlinux || cp boot/vmlinuz-* vmlinux
    cd root && unpack busybox-static
}

# Makes the initramfs: busybox, the modules that the root file system needs in the order of their
# loading, and init.
make_initramfs() {
    local file n=100 wanted=(overlay virtio_pci virtio_console 9p 9pnet_virtio)
    for file in $(modprobe -d . -S "$(ls lib/modules)" --show-depends -a "${wanted[@]}" |
        awk '$1 == "insmod" && !seen[$2]++ {print $2}'); do
        n=$((n + 1))
        case $file in *.xz) xz -dc "$file" ;; *) cat "$file" ;; esac >root/modules/$n.ko
    done
    install -m 755 "$here/guest-init" root/init
    (cd root && find . | cpio -o -H newc --quiet) >initramfs.new
    mv initramfs.new initramfs
}

# Fills $tree, unless it is there. Its caller holds the cache's lock.
prepare_kernel() {
    need depmod=kmod zstd=zstd xz=xz-utils cpio=cpio qemu-system-x86_64=qemu-system-x86
    if [ ! -d "$tree" ]; then
        rm -rf "$tree.new"
        mkdir "$tree.new"
        (cd "$tree.new" && fill_tree)
        mv "$tree.new" "$tree"
    fi
    [ "$tree/initramfs" -nt "$here/guest-init" ] || (cd "$tree" && make_initramfs)
}
