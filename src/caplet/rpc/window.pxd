# C types of window.py.

cdef class Window:
    cpdef sent(self, double now_s, long long size_bytes)
    cpdef acked(self, double now_s, long long size_bytes)
    cpdef bint has_room(self) except -1

cdef class FixedWindow(Window):
    cdef public long long in_flight_bytes
    cdef public long long largest_bytes
    cdef public long long window_bytes

    cpdef sent(self, double now_s, long long size_bytes)
    cpdef acked(self, double now_s, long long size_bytes)
    cpdef bint has_room(self) except -1

cdef class VariableWindow(FixedWindow):
    cdef public object size

    cpdef bint has_room(self) except -1

cdef class AdaptiveWindow(Window):
    cdef public double best_rate
    cdef public long long delivered_bytes
    cdef public int flat_rounds
    cdef public long long in_flight_bytes
    cdef public long long largest_bytes
    cdef public long long largest_message_bytes
    cdef public bint limited_by_sender
    cdef public object pending
    cdef public long long round_ends_at_bytes
    cdef public double shortest_s
    cdef public long long smallest_bytes
    cdef public bint starting
    cdef public long long window_bytes

    cpdef sent(self, double now_s, long long size_bytes)
    cpdef acked(self, double now_s, long long size_bytes)
    cpdef bint has_room(self) except -1
