// The shortest loops of `varve driver bench`, in C: what they take without the benchmark around them.
//     bench_floor FOLDER FILES ROUNDS
// Looks at FILES files of FOLDER, a hundred a folder, which it makes first, and then opens, reads and closes each; prints
// nanoseconds for one file: the median of all rounds of both.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char (*names)[32];
static int files, root;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void make(void) {
    char block[512], folder[32];
    memset(block, 'x', sizeof block);
    mkdirat(root, "small", 0755);
    for (int i = 0; i < files; i++) {
        snprintf(folder, sizeof folder, "small/d%d", i / 100);
        if (i % 100 == 0) mkdirat(root, folder, 0755);
        snprintf(names[i], sizeof names[i], "small/d%d/f%d", i / 100, i % 100);
        int file = openat(root, names[i], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (file < 0 || write(file, block, sizeof block) != sizeof block || close(file) < 0) exit(1);
    }
    syncfs(root);
}

static double look(void) {
    struct stat status;
    double start = now();
    for (int i = 0; i < files; i++)
        if (fstatat(root, names[i], &status, AT_SYMLINK_NOFOLLOW) < 0) exit(1);
    return (now() - start) / files;
}

static double read_all(void) {
    static char buffer[4096] __attribute__((aligned(4096)));
    double start = now();
    for (int i = 0; i < files; i++) {
        int file = openat(root, names[i], O_RDONLY | O_CLOEXEC);
        if (file < 0 || read(file, buffer, sizeof buffer) < 0 || close(file) < 0) exit(1);
    }
    return (now() - start) / files;
}

int main(int count, char **words) {
    if (count != 4) return 2;
    files = atoi(words[2]);
    int rounds = atoi(words[3]);
    names = calloc(files, sizeof *names);
    double *looks = calloc(rounds, sizeof *looks), *reads = calloc(rounds, sizeof *reads);
    root = open(words[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) return 1;
    make();
    look(), read_all();
    for (int i = 0; i < rounds; i++) looks[i] = look(), reads[i] = read_all();
    qsort(looks, rounds, sizeof *looks, by_value);
    qsort(reads, rounds, sizeof *reads, by_value);
    printf("%.0f %.0f\n", looks[rounds / 2], reads[rounds / 2]);
    return 0;
}
