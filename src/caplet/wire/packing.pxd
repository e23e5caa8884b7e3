# C types of packing.py: pointers to bytes, which nothing that is written through another can change.
cimport cython
from libc.string cimport memcpy

cdef bint COMPILED
cdef Py_ssize_t _LONGEST_RUN


@cython.locals(to=cython.Py_ssize_t, start=cython.Py_ssize_t, run=cython.Py_ssize_t, tag=cython.uint, tagged=cython.Py_ssize_t)
cdef tuple pack_words(const unsigned char *data, Py_ssize_t at, Py_ssize_t size, unsigned char *packed, bint final)

@cython.locals(to=cython.Py_ssize_t, byte=cython.uint, bit=cython.uint, tag=cython.uint)
cdef Py_ssize_t pack_word(const unsigned char *data, Py_ssize_t at, unsigned char *packed, Py_ssize_t start) noexcept

@cython.locals(low=cython.uint, high=cython.uint)
cdef bint is_zero(const unsigned char *data, Py_ssize_t at) noexcept

@cython.locals(at=cython.Py_ssize_t)
cdef Py_ssize_t count_zeros(const unsigned char *data, Py_ssize_t start, Py_ssize_t end) noexcept

@cython.locals(at=cython.Py_ssize_t, blanks=cython.int, index=cython.int)
cdef Py_ssize_t count_full(const unsigned char *data, Py_ssize_t start, Py_ssize_t end) noexcept

cdef Py_ssize_t copy_run(const unsigned char *data, Py_ssize_t at, Py_ssize_t end, unsigned char *target, Py_ssize_t to) noexcept

@cython.locals(at=cython.Py_ssize_t, run=cython.Py_ssize_t, next_at=cython.Py_ssize_t, stop=cython.Py_ssize_t,
               bit=cython.uint, tag=cython.uint, zeros=cython.uint)
cdef tuple unpack_words(const unsigned char *data, Py_ssize_t last, Py_ssize_t size, unsigned char *words, Py_ssize_t to, Py_ssize_t limit)

cdef inline tuple unpack_memory(const unsigned char[::1] packed, Py_ssize_t last, Py_ssize_t size, unsigned char[::1] words,
                                Py_ssize_t to, Py_ssize_t limit):
    return unpack_words(&packed[0], last, size, &words[0], to, limit) if last else (0, to)

cdef inline void copy_bytes(unsigned char *target, Py_ssize_t to, const unsigned char *data, Py_ssize_t at, Py_ssize_t length) noexcept:
    memcpy(target + to, data + at, length)
