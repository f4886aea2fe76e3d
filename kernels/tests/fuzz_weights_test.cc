// The fuzz cases of gradients, of compressed and 8-bit weights and of the convolutions that take
// them.
#include "fuzz.hpp"

void Fuzz::call_gradients(int64_t op, int32_t v) {
  const int64_t cin = 1 + below(20), cout = 1 + below(70);
  const vmk_dtype dtype = feature();
  if (op == 19) {
    ended(vmk_wgrad_settings(ctx_, rarely() ? "no tile" : nullptr, number()), "wgrad_settings");
    ended(vmk_sparse_conv_wgrad(ctx_, v, tensor(dtype, {size() + 8, cin}),
                                tensor(dtype, {size(), cout}), tensor(VMK_I32, {3, size()}),
                                below(2) ? tensor(VMK_I32, {2, size()}) : nullptr,
                                below(2) ? tensor(VMK_I64, {4}) : nullptr,
                                tensor(sums_of(dtype), {3, cin, cout})),
          "sparse_conv_wgrad");
  } else {
    ended(vmk_weight_transpose(ctx_, v, tensor(dtype, {3, cin, cout}),
                               tensor(dtype, {3, cout, cin})),
          "weight_transpose");
    int64_t packed = rarely() ? size() : 0;
    for (int32_t conv = 0; conv < 16 && packed == 0; ++conv)
      packed = vmk_conv_packed_rows(conv, 3, cin, cout);
    ended(vmk_weight_pack(ctx_, v, tensor(dtype, {3, cin, cout}), tensor(dtype, {packed, 64})),
          "weight_pack");
  }
}

void Fuzz::call_int8(int32_t v) {
  const int64_t cin = rarely() ? 1 + below(1100) : 4 * (1 + below(8)), cout = 1 + below(70);
  const vmk_dtype to = below(2) ? VMK_F32 : VMK_I8;
  ended(vmk_sparse_conv_int8(ctx_, v, tensor(VMK_I8, {size() + 8, cin}),
                             tensor(VMK_I8, {3, cin, cout}), tensor(VMK_I32, {3, size()}),
                             tensor(VMK_F32, {cout}),
                             below(2) ? tensor(VMK_F32, {cout}) : nullptr,
                             below(2) ? tensor(to, {size(), cout}) : nullptr,
                             tensor(to, {size(), cout}), static_cast<int32_t>(below(4)), 0.1f),
        "sparse_conv_int8");
}

void Fuzz::call_weights(int64_t op, int32_t v) {
  const int64_t cin = 1 + below(20), cout = 1 + below(70);
  if (op == 28) {
    ended(vmk_weight_count(ctx_, v, tensor(VMK_F32, {3, cin, cout}),
                           tensor(VMK_I64, {3 * cout + 1})),
          "weight_count");
  } else if (op == 29) {
    vmk_tensor* weight = tensor(VMK_F32, {3, cin, cout});
    vmk_tensor* starts = tensor(VMK_I64, {3 * cout + 1});
    // Counted starts, so that some calls get past the checks.
    const bool counted = vmk_weight_count(ctx_, 0, weight, starts) == VMK_OK;
    std::vector<int64_t> prefix(3 * cout + 1);
    if (counted) vmk_download(ctx_, prefix.data(), starts, (3 * cout + 1) * 8);
    const int64_t entries = rarely() ? size() : prefix.back();
    ended(vmk_weight_compress(ctx_, v, weight, starts, tensor(VMK_I32, {entries}),
                              tensor(VMK_F32, {entries})),
          "weight_compress");
  } else {
    // A column of each entry is right for kv * columns = entries, and starts 0, 1, 2, ..
    const int64_t columns = 1 + below(20), entries = rarely() ? size() : 3 * columns;
    std::vector<int64_t> ascending(3 * columns + 1);
    for (int64_t i = 0; i <= 3 * columns; ++i) ascending[i] = rarely() && rarely() ? number() : i;
    vmk_tensor* starts = tensor(VMK_I64, {3 * columns + 1});
    if (starts) vmk_upload(ctx_, starts, ascending.data(), (3 * columns + 1) * 8);
    ended(vmk_sparse_conv_ws(ctx_, v, tensor(VMK_F32, {size() + 8, 8 + below(20)}), starts,
                             tensor(VMK_I32, {entries}), tensor(VMK_F32, {entries}),
                             tensor(VMK_I32, {3, size()}), tensor(VMK_F32, {size(), columns})),
          "sparse_conv_ws");
  }
}
