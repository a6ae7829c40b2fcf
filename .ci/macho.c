// Runs the program for macOS on Linux: maps the file, puts functions of Linux behind its imports, calls its main.
//
//     macho FILE [ARGUMENT]...
//
// It is no Mac. What the functions take and give is translated by what macOS documents (numbers and structures are those
// of its headers); whatever is not expected of this program ends it with status 99, as does an object of Core Foundation
// that is not released. The proxy settings are what MACHO_PROXIES has (`KEY=VALUE KEY=VALUE`, lists divided by commas).
// Every chain for the server MACHO_NAME is trusted, others get the result MACHO_TRUST.

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define EXPECT(condition) ((condition) ? (void)0 : unexpected(#condition, __LINE__))

static _Noreturn void unexpected(const char *what, int line) {
    dprintf(2, "macho: line %d: not so: %s\n", line, what);
    _exit(99);
}

// Error numbers: the same up to 34 but for EDEADLK and EAGAIN.

static int mac_errno(int number) {
    static const int pairs[][2] = {
        {EAGAIN, 35}, {EINPROGRESS, 36}, {EALREADY, 37}, {ENOTSOCK, 38}, {EMSGSIZE, 40}, {EOPNOTSUPP, 45},
        {EAFNOSUPPORT, 47}, {EADDRINUSE, 48}, {EADDRNOTAVAIL, 49}, {ENETDOWN, 50}, {ENETUNREACH, 51},
        {ECONNABORTED, 53}, {ECONNRESET, 54}, {ENOBUFS, 55}, {EISCONN, 56}, {ENOTCONN, 57}, {ETIMEDOUT, 60},
        {ECONNREFUSED, 61}, {ELOOP, 62}, {ENAMETOOLONG, 63}, {EHOSTDOWN, 64}, {EHOSTUNREACH, 65}, {ENOTEMPTY, 66},
        {EDQUOT, 69}, {ENOSYS, 78},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (pairs[i][0] == number)
            return pairs[i][1];
    EXPECT(number <= 34);
    return number;
}

static int *mac_error(void) {
    static __thread int number;
    number = mac_errno(errno);
    return &number;
}

// Files.

// Where the processor is an ARM, macOS passes on the stack what a prototype has as `...`. All registers are named, so that
// what comes after them is looked for there. Each function has two parameters before that.
#ifdef __aarch64__
#define CPU_TYPE 0x0100000c
#define VARIADIC long x2, long x3, long x4, long x5, long x6, long x7,
#else
#define CPU_TYPE 0x01000007
#define VARIADIC
#endif

static int mac_open(const char *path, int flags, VARIADIC unsigned mode) {
    static const int pairs[][2] = {
        {0x4, O_NONBLOCK}, {0x100, O_NOFOLLOW}, {0x200, O_CREAT}, {0x400, O_TRUNC}, {0x800, O_EXCL},
        {0x20000, O_NOCTTY}, {0x100000, O_DIRECTORY}, {0x1000000, O_CLOEXEC},
    };
    int translated = flags & 3;
    flags &= ~3;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (flags & pairs[i][0]) {
            translated |= pairs[i][1];
            flags &= ~pairs[i][0];
        }
    EXPECT(flags == 0);
    return open(path, translated, mode);
}

static int mac_fcntl(int fd, int command, VARIADIC int argument) {
    if (command == 51) // F_FULLFSYNC
        return fsync(fd);
    EXPECT(command == 2 && argument == 1); // F_SETFD, FD_CLOEXEC
    return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static int mac_ioctl(int fd, unsigned long request, VARIADIC void *argument) {
    EXPECT(request == 0x8004667e || request == 0x40087468); // FIONBIO, TIOCGWINSZ
    return ioctl(fd, request == 0x8004667e ? FIONBIO : TIOCGWINSZ, argument);
}

struct mac_stat {
    int32_t dev;
    uint16_t mode, nlink;
    uint64_t ino;
    uint32_t uid, gid;
    int32_t rdev;
    struct timespec times[4];
    int64_t size, blocks;
    int32_t blksize;
    uint32_t flags, gen;
    int32_t spare;
    int64_t spares[2];
};
_Static_assert(sizeof(struct mac_stat) == 144, "struct stat with 64-bit inodes");

static int fill(int result, const struct stat *from, struct mac_stat *to) {
    if (result == 0)
        *to = (struct mac_stat){.dev = (int32_t)from->st_dev, .mode = (uint16_t)from->st_mode, .nlink = 1,
            .ino = from->st_ino, .size = from->st_size};
    return result;
}

static int mac_stat(const char *path, struct mac_stat *to) {
    struct stat from;
    return fill(stat(path, &from), &from, to);
}

static int mac_fstat(int fd, struct mac_stat *to) {
    struct stat from;
    return fill(fstat(fd, &from), &from, to);
}

struct mac_dirent {
    uint64_t ino, seekoff;
    uint16_t reclen, namlen;
    uint8_t type;
    char name[1024];
};

static struct mac_dirent *mac_readdir(DIR *folder) {
    static struct mac_dirent to;
    errno = 0;
    struct dirent *from = readdir(folder);
    if (!from)
        return NULL;
    to = (struct mac_dirent){.ino = from->d_ino, .reclen = sizeof to, .namlen = (uint16_t)strlen(from->d_name)};
    strcpy(to.name, from->d_name);
    return &to;
}

// Sockets. An address begins with a byte for its length and one for its family.

struct mac_sockaddr {
    uint8_t length, family;
    uint8_t rest[26];
};

static socklen_t to_linux(const struct mac_sockaddr *from, struct sockaddr_storage *to) {
    EXPECT((from->family == AF_INET && from->length == 16) || (from->family == 30 && from->length == 28));
    memcpy(to, from, from->length);
    to->ss_family = from->family == 30 ? AF_INET6 : AF_INET;
    return from->length;
}

static int mac_socket(int family, int kind, int protocol) {
    EXPECT((family == AF_INET || family == 30) && kind == SOCK_STREAM && protocol == 0);
    return socket(family == 30 ? AF_INET6 : AF_INET, kind, 0);
}

static int mac_connect(int fd, const struct mac_sockaddr *address, unsigned length) {
    struct sockaddr_storage translated;
    EXPECT(length == address->length);
    return connect(fd, (struct sockaddr *)&translated, to_linux(address, &translated));
}

static int mac_setsockopt(int fd, int level, int name, const void *value, unsigned length) {
    EXPECT(length == 4);
    if (level == 0xffff && name == 0x1022) // SOL_SOCKET, SO_NOSIGPIPE
        return 0;
    EXPECT(level == IPPROTO_TCP && name == 1); // TCP_NODELAY
    return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, value, length);
}

static int mac_getsockopt(int fd, int level, int name, int *value, unsigned *length) {
    EXPECT(level == 0xffff && name == 0x1007 && *length == 4); // SOL_SOCKET, SO_ERROR
    int result = getsockopt(fd, SOL_SOCKET, SO_ERROR, value, length);
    if (*value)
        *value = mac_errno(*value);
    return result;
}

static ssize_t mac_recv(int fd, void *buffer, size_t size, int flags) {
    EXPECT(flags == 0);
    return recv(fd, buffer, size, 0);
}

static ssize_t mac_send(int fd, const void *data, size_t size, int flags) {
    EXPECT(flags == 0);
    return send(fd, data, size, MSG_NOSIGNAL); // what SO_NOSIGPIPE does
}

struct mac_addrinfo {
    int flags, family, kind, protocol;
    unsigned length;
    char *canonname;
    struct mac_sockaddr *address;
    struct mac_addrinfo *next;
};

static int mac_getaddrinfo(const char *name, const char *service, const struct mac_addrinfo *hints,
                           struct mac_addrinfo **list) {
    EXPECT(!service && hints->flags == 0 && hints->family == 0 && hints->kind == SOCK_STREAM && hints->protocol == 0);
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM}, *found;
    switch (getaddrinfo(name, NULL, &wanted, &found)) {
    case 0:
        break;
    case EAI_NONAME:
    case EAI_NODATA:
        return 8; // EAI_NONAME
    default:
        return 2; // EAI_AGAIN
    }
    for (struct addrinfo *entry = found; entry; entry = entry->ai_next) {
        struct mac_addrinfo *to = calloc(1, sizeof *to);
        to->address = calloc(1, sizeof *to->address);
        to->length = entry->ai_addrlen;
        to->kind = SOCK_STREAM;
        memcpy(to->address, entry->ai_addr, entry->ai_addrlen);
        to->address->length = (uint8_t)entry->ai_addrlen;
        to->family = to->address->family = entry->ai_family == AF_INET6 ? 30 : AF_INET;
        *list = to;
        list = &to->next;
    }
    freeaddrinfo(found);
    return 0;
}

static void mac_freeaddrinfo(struct mac_addrinfo *list) {
    while (list) {
        struct mac_addrinfo *next = list->next;
        free(list->address);
        free(list);
        list = next;
    }
}

static const char *mac_gai_strerror(int number) {
    EXPECT(number == 2);
    return "Temporary failure in name resolution";
}

// Signals and time.

struct mac_sigaction {
    void (*handler)(int);
    uint32_t mask;
    int flags;
};

static int mac_sigaction(int number, const struct mac_sigaction *new, struct mac_sigaction *old) {
    struct sigaction before, after = {0};
    if (new) {
        EXPECT((new->flags & ~0x14) == 0 && new->mask == 0);
        after.sa_handler = new->handler;
        after.sa_flags = (new->flags & 4 ? (int)SA_RESETHAND : 0) | (new->flags & 0x10 ? SA_NODEFER : 0);
    }
    int result = sigaction(number, new ? &after : NULL, &before);
    if (old)
        *old = (struct mac_sigaction){.handler = before.sa_handler};
    return result;
}

static int mac_clock_gettime(int clock, struct timespec *time) {
    EXPECT(clock == 0 || clock == 8); // CLOCK_REALTIME, CLOCK_UPTIME_RAW
    return clock_gettime(clock == 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC, time);
}

// Core Foundation: each object counts those who hold it.

enum type { STRING = 1, DATA, ARRAY, NUMBER, DICTIONARY, CERTIFICATE, POLICY, TRUST };

struct object {
    enum type type;
    int holders;
    long count;            // of bytes or members, or the number itself
    char *bytes;           // with a NUL
    struct object **members; // of a dictionary: keys and values by turns
};

static int living;
static const long callbacks[5] = {0}; // kCFTypeArrayCallBacks

static struct object *make(enum type type, long count) {
    struct object *object = calloc(1, sizeof *object);
    *object = (struct object){.type = type, .holders = 1, .count = count};
    living++;
    return object;
}

static struct object *is(struct object *object, enum type type) {
    EXPECT(object && object->holders > 0 && object->type == type);
    return object;
}

static struct object *retain(struct object *object) {
    object->holders++;
    return object;
}

static void CFRelease(struct object *object) {
    EXPECT(object && object->holders > 0);
    if (--object->holders > 0)
        return;
    for (long i = 0; object->members && i < object->count; i++)
        CFRelease(object->members[i]);
    free(object->members);
    free(object->bytes);
    // The object stays, to notice who uses it after this.
    living--;
}

static struct object *with_bytes(enum type type, const char *bytes, long length) {
    struct object *object = make(type, length);
    object->bytes = memcpy(calloc(1, length + 1), bytes, length);
    return object;
}

static struct object *CFStringCreateWithBytes(void *allocator, const char *bytes, long length, unsigned encoding,
                                              unsigned char external) {
    EXPECT(!allocator && encoding == 0x08000100 && !external);
    return with_bytes(STRING, bytes, length);
}

static unsigned char CFStringGetCString(struct object *string, char *buffer, long size, unsigned encoding) {
    EXPECT(encoding == 0x08000100);
    if (is(string, STRING)->count >= size)
        return 0;
    memcpy(buffer, string->bytes, string->count + 1);
    return 1;
}

static struct object *CFDataCreate(void *allocator, const char *bytes, long length) {
    EXPECT(!allocator);
    return with_bytes(DATA, bytes, length);
}

static struct object *CFArrayCreate(void *allocator, struct object **members, long count, const long *how) {
    EXPECT(!allocator && how == callbacks);
    struct object *array = make(ARRAY, count);
    array->members = calloc(count, sizeof *members);
    for (long i = 0; i < count; i++)
        array->members[i] = retain(members[i]);
    return array;
}

static long CFArrayGetCount(struct object *array) { return is(array, ARRAY)->count; }

static struct object *CFArrayGetValueAtIndex(struct object *array, long index) {
    EXPECT(index >= 0 && index < is(array, ARRAY)->count);
    return array->members[index];
}

static unsigned char CFNumberGetValue(struct object *number, long type, int *value) {
    EXPECT(type == 3); // kCFNumberSInt32Type
    *value = (int)is(number, NUMBER)->count;
    return 1;
}

static struct object *CFDictionaryGetValue(struct object *dictionary, struct object *key) {
    is(key, STRING);
    for (long i = 0; i < is(dictionary, DICTIONARY)->count; i += 2)
        if (!strcmp(dictionary->members[i]->bytes, key->bytes))
            return dictionary->members[i + 1];
    return NULL;
}

static long CFGetTypeID(struct object *object) {
    EXPECT(object && object->holders > 0);
    return object->type;
}
static long CFStringGetTypeID(void) { return STRING; }
static long CFArrayGetTypeID(void) { return ARRAY; }
static long CFNumberGetTypeID(void) { return NUMBER; }

static struct object *text(const char *text) { return with_bytes(STRING, text, (long)strlen(text)); }

static struct object *list(char *elements) {
    struct object *array = make(ARRAY, 0);
    array->members = calloc(strlen(elements) + 1, sizeof *array->members);
    char *rest;
    for (char *one = strtok_r(elements, ",", &rest); one; one = strtok_r(NULL, ",", &rest))
        array->members[array->count++] = text(one);
    return array;
}

static struct object *SCDynamicStoreCopyProxies(void *store) {
    EXPECT(!store);
    struct object *settings = make(DICTIONARY, 0);
    char *given = strdup(getenv("MACHO_PROXIES") ? getenv("MACHO_PROXIES") : ""), *rest;
    settings->members = calloc(strlen(given) + 1, sizeof *settings->members);
    for (char *key = strtok_r(given, " ", &rest); key; key = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(key, '=');
        *value++ = 0;
        int is_number = *value && strspn(value, "0123456789") == strlen(value);
        settings->members[settings->count++] = text(key);
        settings->members[settings->count++] = is_number      ? make(NUMBER, atol(value))
                                               : strstr(key, "List") ? list(value)
                                                                     : text(value);
    }
    free(given);
    return settings;
}

static struct object *SecCertificateCreateWithData(void *allocator, struct object *data) {
    EXPECT(!allocator);
    is(data, DATA);
    return data->bytes[0] == 0x30 ? make(CERTIFICATE, 0) : NULL;
}

static struct object *SecPolicyCreateSSL(unsigned char server, struct object *name) {
    EXPECT(server == 1);
    struct object *policy = make(POLICY, 1);
    policy->members = calloc(1, sizeof name);
    policy->members[0] = name ? retain(is(name, STRING)) : text("");
    return policy;
}

static int SecTrustCreateWithCertificates(struct object *certificates, struct object *policy, struct object **trust) {
    for (long i = 0; i < is(certificates, ARRAY)->count; i++)
        is(certificates->members[i], CERTIFICATE);
    EXPECT(certificates->count > 0);
    *trust = make(TRUST, 1);
    (*trust)->members = calloc(1, sizeof policy);
    (*trust)->members[0] = retain(is(policy, POLICY));
    return 0;
}

static int SecTrustSetNetworkFetchAllowed(struct object *trust, unsigned char allowed) {
    EXPECT(!allowed);
    is(trust, TRUST)->bytes = strdup("alone");
    return 0;
}

static int SecTrustEvaluate(struct object *trust, unsigned *result) {
    EXPECT(is(trust, TRUST)->bytes);
    const char *name = getenv("MACHO_NAME"), *otherwise = getenv("MACHO_TRUST");
    int is_known = name && !strcmp(name, trust->members[0]->members[0]->bytes);
    *result = is_known ? 4 : otherwise ? (unsigned)atoi(otherwise) : 5;
    return 0;
}

// The end, and the imports.

static _Noreturn void mac_exit(int status) {
    EXPECT(living == 0);
    _exit(status);
}

static _Noreturn void not_bound(void) { unexpected("all symbols are bound", __LINE__); }

static const struct {
    const char *name;
    const void *address;
} imports[] = {
    {"___bzero", bzero},
    {"_bzero", bzero},
    {"___error", mac_error},
    {"__exit", mac_exit},
    {"_clock_gettime", mac_clock_gettime},
    {"_close$NOCANCEL", close},
    {"_close", close},
    {"_closedir", closedir},
    {"_connect", mac_connect},
    {"_fchmod", fchmod},
    {"_fcntl", mac_fcntl},
    {"_fdopendir$INODE64", fdopendir},
    {"_fdopendir", fdopendir},
    {"_flock", flock},
    {"_freeaddrinfo", mac_freeaddrinfo},
    {"_fstat$INODE64", mac_fstat},
    {"_fstat", mac_fstat},
    {"_fsync", fsync},
    {"_ftruncate", ftruncate},
    {"_gai_strerror", mac_gai_strerror},
    {"_getaddrinfo", mac_getaddrinfo},
    {"_getentropy", getentropy},
    {"_getpid", getpid},
    {"_getsockopt", mac_getsockopt},
    {"_if_nametoindex", if_nametoindex},
    {"_ioctl", mac_ioctl},
    {"_kill", kill},
    {"_lseek", lseek},
    {"_memcmp", memcmp},
    {"_memcpy", memcpy},
    {"_memmove", memmove},
    {"_nanosleep", nanosleep},
    {"_open", mac_open},
    {"_pipe", pipe},
    {"_poll", poll}, // with the same numbers
    {"_pthread_create", pthread_create},
    {"_pthread_detach", pthread_detach},
    {"_read", read},
    {"_readdir$INODE64", mac_readdir},
    {"_readdir", mac_readdir},
    {"_recv", mac_recv},
    {"_rename", rename},
    {"_send", mac_send},
    {"_setsockopt", mac_setsockopt},
    {"_sigaction", mac_sigaction},
    {"_socket", mac_socket},
    {"_stat$INODE64", mac_stat},
    {"_stat", mac_stat},
    {"_strlen", strlen},
    {"_unlink", unlink},
    {"_write", write},
    {"dyld_stub_binder", not_bound},
    {"_kCFTypeArrayCallBacks", callbacks},
    {"_CFArrayCreate", CFArrayCreate},
    {"_CFArrayGetCount", CFArrayGetCount},
    {"_CFArrayGetTypeID", CFArrayGetTypeID},
    {"_CFArrayGetValueAtIndex", CFArrayGetValueAtIndex},
    {"_CFDataCreate", CFDataCreate},
    {"_CFDictionaryGetValue", CFDictionaryGetValue},
    {"_CFGetTypeID", CFGetTypeID},
    {"_CFNumberGetTypeID", CFNumberGetTypeID},
    {"_CFNumberGetValue", CFNumberGetValue},
    {"_CFRelease", CFRelease},
    {"_CFStringCreateWithBytes", CFStringCreateWithBytes},
    {"_CFStringGetCString", CFStringGetCString},
    {"_CFStringGetTypeID", CFStringGetTypeID},
    {"_SCDynamicStoreCopyProxies", SCDynamicStoreCopyProxies},
    {"_SecCertificateCreateWithData", SecCertificateCreateWithData},
    {"_SecPolicyCreateSSL", SecPolicyCreateSSL},
    {"_SecTrustCreateWithCertificates", SecTrustCreateWithCertificates},
    {"_SecTrustEvaluate", SecTrustEvaluate},
    {"_SecTrustSetNetworkFetchAllowed", SecTrustSetNetworkFetchAllowed},
};

static uint64_t address_of(const char *name) {
    for (size_t i = 0; i < sizeof imports / sizeof *imports; i++)
        if (!strcmp(imports[i].name, name))
            return (uint64_t)imports[i].address;
    unexpected(name, __LINE__);
}

// The file, by <mach-o/loader.h>.

struct segment {
    uint32_t command, size;
    char name[16];
    uint64_t address, room, offset, length;
    uint32_t maxprot, initprot, sections, flags;
};

struct section {
    char name[16], segment[16];
    uint64_t address, size;
    uint32_t offset, align, reloff, nreloc, flags, reserved[3];
};

struct symbol {
    uint32_t name;
    uint8_t type, section;
    uint16_t description;
    uint64_t value;
};

int main(int argc, char **argv, char **envp) {
    EXPECT(argc > 1);
    int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
    struct stat stat;
    EXPECT(fd >= 0 && fstat(fd, &stat) == 0);
    const char *file = mmap(NULL, stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    EXPECT(file != MAP_FAILED);
    close(fd);
    EXPECT(*(uint32_t *)file == 0xfeedfacf && *(uint32_t *)(file + 4) == CPU_TYPE); // 64 bits

    const struct segment *segments[8];
    int segment_count = 0;
    const uint32_t *symbols = NULL, *dynamic = NULL;
    uint64_t entry = 0;
    const char *command = file + 32;
    for (uint32_t left = *(uint32_t *)(file + 16); left > 0; left--) {
        const uint32_t *words = (const uint32_t *)command;
        switch (words[0]) {
        case 0x19: // LC_SEGMENT_64
            EXPECT(segment_count < 8);
            segments[segment_count++] = (const struct segment *)command;
            break;
        case 0x2: // LC_SYMTAB
            symbols = words;
            break;
        case 0xb: // LC_DYSYMTAB
            dynamic = words;
            break;
        case 0x80000028: // LC_MAIN
            entry = *(const uint64_t *)(words + 2);
            break;
        }
        command += words[1];
    }
    EXPECT(symbols && dynamic && entry);

    // Where the file wants to be, so that no address in it has to be changed.
    uint64_t base = 0;
    for (int i = 0; i < segment_count; i++) {
        const struct segment *segment = segments[i];
        if (!segment->initprot)
            continue;
        void *at = (void *)segment->address;
        EXPECT(mmap(at, segment->room, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0) == at);
        memcpy(at, file + segment->offset, segment->length);
        __builtin___clear_cache(at, (char *)at + segment->length);
        if (segment->offset == 0 && segment->length)
            base = segment->address;
    }
    const struct symbol *table = (const struct symbol *)(file + symbols[2]);
    const char *names = file + symbols[4];
    const uint32_t *indirect = (const uint32_t *)(file + dynamic[14]);
    for (int i = 0; i < segment_count; i++) {
        const struct section *section = (const struct section *)(segments[i] + 1);
        for (uint32_t j = 0; j < segments[i]->sections; j++, section++) {
            uint32_t kind = section->flags & 0xff;
            EXPECT(kind != 9 && kind < 0x11); // S_MOD_INIT_FUNC_POINTERS; thread-local variables
            if (kind != 6 && kind != 7)       // S_NON_LAZY_SYMBOL_POINTERS, S_LAZY_SYMBOL_POINTERS
                continue;
            for (uint64_t k = 0; k < section->size / 8; k++) {
                const struct symbol *symbol = &table[indirect[section->reserved[0] + k]];
                ((uint64_t *)section->address)[k] = address_of(names + symbol->name);
            }
        }
    }
    for (int i = 0; i < segment_count; i++)
        if (segments[i]->initprot) // whose bits are Linux's, too
            EXPECT(mprotect((void *)segments[i]->address, segments[i]->room, (int)segments[i]->initprot) == 0);

    int (*program)(int, char **, char **, char **);
    *(uint64_t *)&program = base + entry;
    static char *apple[] = {NULL};
    return program(argc - 1, argv + 1, envp, apple);
}
