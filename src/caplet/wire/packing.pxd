# C types of packing.py: pointers to bytes, which nothing that is written through another can change; and how the bytes of a word move.
cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytearray cimport PyByteArray_AS_STRING, PyByteArray_FromStringAndSize
from libc.string cimport memcpy, memset

cdef bint COMPILED
cdef Py_ssize_t _LONGEST_RUN
cdef bytes _WEIGHTS

# What a tag does to its word: in three steps, bytes move past one, two and four zeros, without a branch that the processor could guess wrong.
cdef struct Moves:
    unsigned long long squeezed[3]
    unsigned long long spread[3]
    unsigned long long kept
    Py_ssize_t weight

cdef Moves MOVES[256]

cdef inline int make_moves() except -1:
    cdef int tag, byte, step, place, weight
    cdef unsigned long long one
    for tag in range(256):
        weight = 0
        for byte in range(8):
            if not tag >> byte & 1:
                continue
            # The byte moves from `byte` to `weight`, and passes so many zeros.
            place = byte
            for step in range(3):
                one = <unsigned long long>0xFF << (place << 3)
                if (byte - weight) >> step & 1:
                    MOVES[tag].squeezed[step] |= one
                    place -= 1 << step
                    # The way back takes the steps in the other order.
            place = weight
            for step in range(2, -1, -1):
                one = <unsigned long long>0xFF << (place << 3)
                if (byte - weight) >> step & 1:
                    MOVES[tag].spread[step] |= one
                    place += 1 << step
            MOVES[tag].kept |= <unsigned long long>0xFF << (weight << 3)
            weight += 1
        MOVES[tag].weight = weight
    return 0

cdef inline unsigned long long word_at(const unsigned char *data, Py_ssize_t at) noexcept:
    cdef unsigned long long word
    memcpy(&word, data + at, 8)
    return word

cdef inline unsigned int tag_of(const unsigned char *data, Py_ssize_t at) noexcept:
    # One bit for each byte that is not zero: the top bit of each, and then those side by side.
    cdef unsigned long long word = word_at(data, at)
    word = (((word & 0x7F7F7F7F7F7F7F7FULL) + 0x7F7F7F7F7F7F7F7FULL) | word) & 0x8080808080808080ULL
    return <unsigned int>((word >> 7) * 0x0102040810204080ULL >> 56)

cdef inline unsigned int squeeze_word(const unsigned char *data, Py_ssize_t at, unsigned char *packed, Py_ssize_t to) noexcept:
    cdef unsigned int tag = tag_of(data, at)
    cdef const Moves *moves = &MOVES[tag]
    cdef unsigned long long word = word_at(data, at)
    cdef unsigned long long moved = word & moves.squeezed[0]
    word = (word ^ moved) | (moved >> 8)
    moved = word & moves.squeezed[1]
    word = (word ^ moved) | (moved >> 16)
    moved = word & moves.squeezed[2]
    word = (word ^ moved) | (moved >> 32)
    packed[to] = <unsigned char>tag
    memcpy(packed + to + 1, &word, 8)
    return tag

cdef inline void spread_word(const unsigned char *data, Py_ssize_t at, unsigned char *words, Py_ssize_t to) noexcept:
    cdef const Moves *moves = &MOVES[data[at]]
    cdef unsigned long long word = word_at(data, at + 1) & moves.kept
    cdef unsigned long long moved = word & moves.spread[2]
    word = (word ^ moved) | (moved << 32)
    moved = word & moves.spread[1]
    word = (word ^ moved) | (moved << 16)
    moved = word & moves.spread[0]
    word = (word ^ moved) | (moved << 8)
    memcpy(words + to, &word, 8)

cdef inline Py_ssize_t zeros_from(const unsigned char *data, Py_ssize_t start, Py_ssize_t end) noexcept:
    cdef Py_ssize_t at = start
    while at < end and word_at(data, at) == 0:
        at += 8
    return at - start

cdef inline object any_bytes(Py_ssize_t size):
    return PyByteArray_FromStringAndSize(NULL, size)

cdef inline void copy_bytes(unsigned char *target, Py_ssize_t to, const unsigned char *data, Py_ssize_t at, Py_ssize_t length) noexcept:
    memcpy(target + to, data + at, length)

cdef inline void clear_bytes(unsigned char *words, Py_ssize_t to, Py_ssize_t length) noexcept:
    memset(words + to, 0, length)

@cython.locals(start=cython.Py_ssize_t, end=cython.Py_ssize_t, run=cython.Py_ssize_t, tag=cython.uint)
cdef tuple pack_words(const unsigned char *data, Py_ssize_t at, Py_ssize_t size, unsigned char *packed, Py_ssize_t to, bint final)

cdef unsigned int pack_word(const unsigned char *data, Py_ssize_t at, unsigned char *packed, Py_ssize_t to) noexcept
cdef Py_ssize_t count_zeros(const unsigned char *data, Py_ssize_t start, Py_ssize_t end) noexcept
@cython.locals(at=cython.Py_ssize_t)
cdef Py_ssize_t count_full(const unsigned char *data, Py_ssize_t start, Py_ssize_t end) noexcept
cdef Py_ssize_t blanks_of(const unsigned char *data, Py_ssize_t at) noexcept
cdef Py_ssize_t copy_run(const unsigned char *data, Py_ssize_t at, Py_ssize_t end, unsigned char *target, Py_ssize_t to) noexcept
cdef void unpack_word(const unsigned char *data, Py_ssize_t at, unsigned char *words, Py_ssize_t to) noexcept
cdef void clear_run(unsigned char *words, Py_ssize_t to, Py_ssize_t length) noexcept

@cython.locals(at=cython.Py_ssize_t, run=cython.Py_ssize_t, next_at=cython.Py_ssize_t, after=cython.Py_ssize_t, tag=cython.uint)
cdef tuple unpack_words(const unsigned char *data, Py_ssize_t last, Py_ssize_t size, unsigned char *words, Py_ssize_t to, Py_ssize_t limit)

cdef inline Py_ssize_t pack_memory(object content, object packed, Py_ssize_t to) except -1:
    cdef Py_buffer source
    PyObject_GetBuffer(content, &source, PyBUF_SIMPLE)
    try:
        return pack_words(<const unsigned char *>source.buf, 0, source.len, <unsigned char *>PyByteArray_AS_STRING(packed), to, True)[1]
    finally:
        PyBuffer_Release(&source)

cdef inline tuple unpack_memory(object packed, Py_ssize_t last, Py_ssize_t size, object words, Py_ssize_t to, Py_ssize_t limit):
    cdef Py_buffer source
    if last == 0:
        return 0, to
    PyObject_GetBuffer(packed, &source, PyBUF_SIMPLE)
    try:
        return unpack_words(<const unsigned char *>source.buf, last, size, <unsigned char *>PyByteArray_AS_STRING(words), to, limit)
    finally:
        PyBuffer_Release(&source)
