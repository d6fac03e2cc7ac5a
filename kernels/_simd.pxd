from libc.stdint cimport int32_t, int64_t

cdef extern from "simd/leaves.h" nogil:
    ctypedef Py_ssize_t idx

# noexcept: leaves are plain C
ctypedef void binary_leaf(const void* x, idx sx, const void* y, idx sy, void* out, idx so, idx n,
                          int stream) noexcept nogil

cdef extern from "simd/leaves.h" nogil:
    ctypedef struct weights:
        void* w
        void* m
        void* v
        double rate, decay, decay_2, epsilon
    ctypedef struct leaves:
        binary_leaf* relu
        binary_leaf* add
        binary_leaf* maximum
        binary_leaf* add_relu
        binary_leaf* relu_grad
        double (*vector_dot)(const void* x, const void* y, idx n) noexcept nogil
        void (*ipj)(idx m, idx n, idx k, const void* a, idx ra, idx ca, const void* b, idx rb, void* c,
                    idx rc) noexcept nogil
        void (*tiled)(idx m, idx n, idx k, const void* a, idx ra, idx ca, const void* b, idx rb, void* c,
                      idx rc) noexcept nogil
        void (*gemm_panel)(idx m, idx n, idx k, const void* a, idx rsa, idx csa, const void* b, idx ldb,
                           const void* next, idx ld_next, void* c, idx ldc, int accumulate) noexcept nogil
        void (*pack)(idx panels, idx k, const void* b, idx ldb, void* out) noexcept nogil
        void (*inner)(idx m, idx n, idx k, const void* a, idx lda, const void* b, idx ldb, void* c, idx rsc,
                      idx csc, int accumulate) noexcept nogil
        void (*few)(idx m, idx n, idx k, const void* a, idx rsa, idx csa, const void* b, idx ldb, void* c,
                    idx ldc) noexcept nogil
        void (*row_times)(idx n, idx k, const void* a, idx csa, const void* b, idx ldb, void* c) noexcept nogil
        void (*copy)(idx m, idx n, const void* x, idx row, idx column, void* out, idx out_row,
                     idx out_column) noexcept nogil
        idx (*zeros)(idx n, const void* x) noexcept nogil
        idx (*nonzeros)(idx n, const void* x, int32_t* where, void* value) noexcept nogil
        int (*copy_finite)(idx m, idx n, const void* x, idx ldx, void* out, idx ldo) noexcept nogil
        void (*sparse_rows)(idx m, idx n, const int32_t* cuts, const int32_t* where, const void* value, const void* b,
                            void* c, idx ldc, int accumulate, const weights* to) noexcept nogil
        idx size
        const leaves* narrow
        idx panel
        idx vector
        idx sparse_columns
        void (*softmax)(const void* x, void* out, idx m, idx n) noexcept nogil
        void (*cross_entropy_labels)(const void* x, const int64_t* labels, void* losses, void* grad,
                                     idx m, idx n) noexcept nogil
        void (*cross_entropy_rows)(const void* x, const void* targets, void* losses, void* grad,
                                   idx m, idx n) noexcept nogil
        void (*top_matches)(const void* x, const int64_t* labels, void* out, idx m, idx n) noexcept nogil
        double (*vector_sum)(const void* x, idx n) noexcept nogil
        void (*sgd)(void* w, const void* g, idx n, double lr) noexcept nogil
        void (*momentum)(void* w, void* m, const void* g, idx n, double lr, double momentum,
                         int nesterov) noexcept nogil
        void (*rmsprop)(void* w, void* v, const void* g, idx n, double lr, double rho, double eps) noexcept nogil
        void (*adam)(void* w, void* m, void* v, const void* g, idx n, double alpha, double beta_1,
                     double beta_2, double eps) noexcept nogil
    ctypedef struct simd_table:
        const char* isa
        leaves type[2]
    const simd_table* const* simd_tables()
    idx stream_bytes()
    void end_stream()
    void prefetch_rows(const char* x, idx rows, idx stride, idx bytes)

cdef const leaves* simd  # float32's and float64's leaves, for the instruction set chosen at import
