#pragma once
// What the variants of sparse_conv_ws share.
#include "sparse_conv.hpp"

namespace vmk {

// Throws unless starts and index can be trusted.
void check_weights(const SparseConvWs& a);
// Throws at the first row of offset k within outputs [begin, end) that feats does not have.
void check_rows(const SparseConvWs& a, int64_t k, int64_t begin, int64_t end);

void ws_paper(Device& device, const SparseConvWs& a);

}  // namespace vmk
