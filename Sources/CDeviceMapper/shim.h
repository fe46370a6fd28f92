#pragma once
// Else this module and Swift's Glibc both declare what is in the system's headers, and which one counts is chance.
#pragma clang module import SwiftGlibc
#include <libdevmapper.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// libdevmapper's messages go to a variadic function, which Swift can't write: those of at most this level (2: fatal) are shown.
static int varve_dm_log_level = 2;

__attribute__((format(printf, 5, 6))) static inline void varve_dm_log(
    int level, const char *file, int line, int class, const char *format, ...) {
    (void)file, (void)line, (void)class;
    if ((level & 7) > varve_dm_log_level) return;
    va_list arguments;
    va_start(arguments, format);
    char text[512];
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(stderr, "libdevmapper: %s\n", text);
}

static inline void varve_dm_start(void) { dm_log_with_errno_init(varve_dm_log); }
static inline void varve_dm_show(int level) { varve_dm_log_level = level; }

// The name of the `index`th device, or NULL after the last: the list ends in a member without a size.
static inline const char *varve_dm_name(struct dm_names *list, int index) {
    if (!list || !list->dev) return NULL;
    while (index-- > 0) {
        if (!list->next) return NULL;
        list = (struct dm_names *)((char *)list + list->next);
    }
    return list->name;
}
