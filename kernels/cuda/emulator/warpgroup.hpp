#pragma once
// The vocabulary of cuda/wgmma.cuh on the host, as PTX defines it. What a real GPU answers with
// wrong numbers or a hang stops the launch here: operands that were not published or not waited
// for, operands overwritten under a product or a copy, a barrier with too many arrivals, a wait for
// a phase that never ends. The copies of a barrier are done when somebody waits for it, products
// when they are waited for.
#include "matrix.hpp"

namespace vmk::emulator {

// ---- barriers and copies: barriers.cc ----

void init_barrier(uint64_t* barrier, int arrivals);
void publish_barriers();
void arrive(uint64_t* barrier, Site site);
void arrive_expecting(uint64_t* barrier, int bytes, Site site);
void wait_for(uint64_t* barrier, int parity, Site site);
void copy_bulk(void* to, const void* from, int bytes, uint64_t* barrier, Site site);
void publish_writes();

// ---- products: products.cc ----

// As a kernel sees the dynamic shared memory.
uint32_t shared_address(const void* at);
void begin_products();
void commit_products();
void wait_products(int left);
// columns / 2 sums a thread; operands are descriptors.
void multiply_group(float* sum, int columns, uint64_t rows, uint64_t weight, Product product,
                    Site site);
// Before a write to shared memory: stops the launch when a product may still read there.
void check_products(const void* to, size_t bytes);
void set_registers(int count, Site site);

}  // namespace vmk::emulator
