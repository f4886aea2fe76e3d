// Calls every op with random shapes, dtypes, variants and contents, most of them wrong. Nothing
// may crash, hang or read outside of its tensors (the sanitizers watch), and every call that fails
// must leave a text.
#include "fuzz.hpp"

#include <array>

void Fuzz::call() {
  static constexpr int64_t kSizes[] = {0, 1, 2, 7, 16, 33, 100};
  n_ = kSizes[below(7)];
  ended(vmk_queue(ctx_, rarely() ? number() : static_cast<int32_t>(below(VMK_QUEUES))), "queue");
  if (rarely()) ended(vmk_join(ctx_), "join");
  vmk_ctx_limit_isa(ctx_, static_cast<int32_t>(below(3)));
  const auto variant = static_cast<int32_t>(rarely() ? number() : below(3));
  const int64_t op = below(36);
  if (op < 6)
    call_voxels(op, variant);
  else if (op < 11)
    call_maps(op, variant);
  else if (op < 13)
    call_features(op, variant);
  else if (op < 19)
    call_bev(op, variant);
  else if (op < 21)
    call_gradients(op, variant);
  else if (op < 28)
    call_dense(op, variant);
  else if (op < 31)
    call_weights(op, variant);
  else if (op == 31)
    call_strided(variant);
  else if (op == 32)
    call_network(variant);
  else if (op == 33)
    call_int8(variant);
  else
    call_attention(op, variant);
}

// A plan of one call, run again with its tensors as they were, with other contents, with another
// shape and with one of them freed.
void Fuzz::call_planned() {
  vmk_plan* plan = vmk_plan_begin(ctx_);
  call();
  if (rarely()) ended(vmk_plan_run(ctx_, plan), "plan_run");
  ended(vmk_plan_end(ctx_, plan), "plan_end");
  for (int run = 0; run < 2; ++run) ended(vmk_plan_run(ctx_, plan), "plan_run");
  ended(vmk_sync(ctx_), "sync");
  if (made_.empty()) return vmk_plan_free(plan);
  const size_t at = static_cast<size_t>(below(static_cast<int64_t>(made_.size())));
  const int64_t rows = size();
  if (below(2) == 0) {
    ended(vmk_tensor_set_rows(ctx_, made_[at], rows), "tensor_set_rows");
  } else {
    vmk_tensor_free(made_[at]);
    made_.erase(made_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  ended(vmk_plan_run(ctx_, plan), "plan_run");
  if (rarely()) ended(vmk_plan_end(ctx_, plan), "plan_end");
  vmk_plan_free(plan);
}

void Fuzz::call_voxels(int64_t op, int32_t v) {
  if (op == 0) {
    const float grid[6] = {0.05f, 0.1f, rarely() ? 0.0f : 0.2f, 0, 1, 2};
    ended(vmk_quantize(ctx_, v, tensor(VMK_F32, {size(), 4}), tensor(VMK_I32, {size()}),
                       tensor(VMK_I32, {size(), 4}), grid, static_cast<int32_t>(below(3))),
          "quantize");
  } else if (op == 1) {
    ended(vmk_voxelize(ctx_, v, tensor(VMK_I32, {size(), 4}), tensor(VMK_I32, {size(), 4}),
                       tensor(VMK_I32, {size()}), tensor(VMK_I32, {size()}),
                       tensor(VMK_I32, {size() + 1}), tensor(VMK_I64, {1})),
          "voxelize");
  } else if (op == 2) {
    const vmk_dtype dtype = feature();
    ended(vmk_voxel_reduce(ctx_, v, tensor(dtype, {size(), 5}), tensor(VMK_I32, {size()}),
                           tensor(VMK_I32, {size() + 1}), tensor(dtype, {size(), 5}),
                           static_cast<int32_t>(below(5))),
          "voxel_reduce");
  } else if (op == 3) {
    ended(vmk_devoxelize_map(ctx_, v, tensor(VMK_F32, {size(), 4}), tensor(VMK_I32, {size(), 4}),
                             tensor(VMK_I32, {size(), 8}), tensor(VMK_F32, {size(), 8}),
                             number()),
          "devoxelize_map");
  } else if (op == 4) {
    ended(vmk_hash_insert(ctx_, v, tensor(VMK_I32, {size(), 4}), tensor(VMK_I64, {256}),
                          tensor(VMK_I32, {256})),
          "hash_insert");
  } else {
    ended(vmk_hash_query(ctx_, v, tensor(VMK_I64, {16}), tensor(VMK_I32, {16}),
                         tensor(VMK_I32, {size(), 4}), tensor(VMK_I32, {size()})),
          "hash_query");
  }
}

void Fuzz::call_maps(int64_t op, int32_t v) {
  int32_t geometry[9], bounds[6];
  for (int32_t& g : geometry) g = rarely() ? number() : 1 + static_cast<int32_t>(below(3));
  for (int32_t& b : bounds) b = number();
  const int64_t kv = rarely() ? 8 : int64_t{geometry[0]} * geometry[1] * geometry[2];
  const int64_t rows = kv < 0 || kv > 1000 ? 1 : kv;
  if (op == 6) {
    ended(vmk_downsample(ctx_, v, tensor(VMK_I32, {size(), 4}), tensor(VMK_I32, {8 * size(), 4}),
                         tensor(VMK_I64, {1}), geometry, static_cast<int32_t>(below(3)),
                         below(2) ? bounds : nullptr),
          "downsample");
  } else if (op == 7) {
    ended(vmk_kernel_map(ctx_, v, tensor(VMK_I32, {size(), 4}), tensor(VMK_I32, {size(), 4}),
                         tensor(VMK_I32, {rows, size()}), geometry),
          "kernel_map");
  } else if (op == 8) {
    ended(vmk_kernel_map_transpose(ctx_, v, tensor(VMK_I32, {3, size()}),
                                   tensor(VMK_I32, {3, size()})),
          "kernel_map_transpose");
  } else if (op == 9) {
    ended(vmk_kernel_map_count(ctx_, v, tensor(VMK_I32, {3, size()}), tensor(VMK_I64, {4})),
          "kernel_map_count");
  } else {
    ended(vmk_kernel_map_pairs(ctx_, v, tensor(VMK_I32, {3, size()}), tensor(VMK_I64, {4}),
                               tensor(VMK_I32, {2, size()})),
          "kernel_map_pairs");
  }
}

void Fuzz::call_strided(int32_t v) {
  int32_t geometry[9], bounds[6];
  for (int i = 0; i < 3; ++i) {
    geometry[i] = 1 + static_cast<int32_t>(below(3));
    geometry[3 + i] = rarely() ? number() : geometry[i];
    geometry[6 + i] = rarely() ? number() : 1;
  }
  for (int32_t& b : bounds) b = number();
  const int64_t kv = int64_t{geometry[0]} * geometry[1] * geometry[2];
  const int64_t inputs = size(), room = rarely() ? size() : inputs;
  vmk_tensor* coords = tensor(VMK_I32, {inputs, 4});
  std::vector<int32_t> ascending(inputs * 4);  // so that some calls take the fast way
  for (int64_t i = 0; i < inputs * 4; ++i)
    ascending[i] = static_cast<int32_t>(i % 4 == 2 ? i / 20 : i % 4 == 3 ? i / 4 : 0);
  if (coords && below(2)) vmk_upload(ctx_, coords, ascending.data(), inputs * 16);
  ended(vmk_strided_map(ctx_, v, coords, tensor(VMK_I32, {room, 4}), tensor(VMK_I32, {kv, room}),
                        tensor(VMK_I64, {1}), geometry, static_cast<int32_t>(below(3)),
                        rarely() ? bounds : nullptr),
        "strided_map");
  ended(vmk_tensor_set_columns(ctx_, tensor(VMK_I32, {2, size()}), size()), "set_columns");
}

void Fuzz::call_network(int32_t v) {
  int32_t geometries[5][9];
  for (auto& geometry : geometries)
    for (int i = 0; i < 9; ++i) geometry[i] = rarely() ? number() : i < 3 ? 3 : 1;
  for (const int strided : {1, 3})
    for (int i = 0; i < 6; ++i)
      if (!rarely()) geometries[strided][i] = 2;
  vmk_tensor *coords[2], *strided[2], *maps[3], *rows = nullptr;
  const int64_t n = size();
  if (below(2)) {
    rows = tensor(VMK_I64, {rarely() ? size() : 1});
    const int64_t there = rarely() ? number() : below(n + 1);
    if (rows) vmk_upload(ctx_, rows, &there, sizeof there);
  }
  for (int i = 0; i < 3; ++i) {
    const int64_t rows = i && rarely() ? size() : n;
    maps[i] = tensor(VMK_I32, {27, rows});
    if (i == 2) continue;
    coords[i] = tensor(VMK_I32, {rows, 4});
    strided[i] = tensor(VMK_I32, {8, rows});
  }
  ended(vmk_network_maps(ctx_, v, tensor(VMK_I32, {n, 4}), rarely() ? -1 : 2,
                         rarely() ? nullptr : coords, strided, maps, tensor(VMK_I64, {2}),
                         geometries[0], rows),
        "network_maps");
}

// The rows of a map as the op sorts them, or none: what a convolution does with rows that are twice
// in an order is undefined.
std::pair<vmk_tensor*, vmk_tensor*> Fuzz::order_of(const vmk_tensor* map) {
  if (below(2)) return {};
  vmk_tensor* order = tensor(VMK_I32, {1 + below(4), size()});
  vmk_tensor* ordered = tensor(VMK_I32, {3, size()});
  const vmk_status status = vmk_kernel_map_order(ctx_, 0, map, order, ordered);
  ended(status, "kernel_map_order");
  return {status == VMK_OK ? order : nullptr, ordered};
}

void Fuzz::call_features(int64_t op, int32_t v) {
  const int64_t cin = 1 + below(20), cout = 1 + below(70);
  const vmk_dtype dtype = feature();
  if (op == 11) {
    ended(vmk_devoxelize(ctx_, v, tensor(dtype, {size(), cin}), tensor(VMK_I32, {size(), 8}),
                         below(2) ? tensor(VMK_F32, {size(), 8}) : nullptr,
                         tensor(dtype, {size(), cin})),
          "devoxelize");
  } else if (op == 12) {
    const auto dataflow = static_cast<int32_t>(below(12));
    ended(vmk_conv_settings(ctx_, 0, 0, 1 + static_cast<int32_t>(below(4)),
                            rarely() ? "no tile" : nullptr, number()),
          "conv_settings");
    vmk_tensor* map = tensor(VMK_I32, {3, size()});
    const auto [order, ordered] = order_of(map);
    ended(vmk_sparse_conv(ctx_, dataflow, tensor(dtype, {size() + 8, cin}),
                          tensor(dtype, {3, cin, cout}), map,
                          below(2) ? tensor(VMK_I32, {2, size()}) : nullptr,
                          below(2) ? tensor(VMK_I64, {4}) : nullptr, order, ordered,
                          below(2) ? tensor(VMK_F32, {cout}) : nullptr,
                          below(2) ? tensor(VMK_F32, {cout}) : nullptr,
                          below(2) ? tensor(dtype, {size(), cout}) : nullptr,
                          tensor(dtype, {size(), cout}), static_cast<int32_t>(below(4)), 0.1f),
          "sparse_conv");
  }
}

void Fuzz::call_bev(int64_t op, int32_t v) {
  const int64_t c = 1 + below(70), pixels = 1 + below(4);
  const vmk_dtype dtype = feature();
  const auto plan = [&] {
    return std::array<vmk_tensor*, 3>{tensor(VMK_I32, {size()}), tensor(VMK_I32, {size() + 1}),
                                      tensor(VMK_I32, {size()})};
  };
  if (op == 13) {
    ended(vmk_bev_intervals(ctx_, v, tensor(VMK_I32, {size()}), tensor(VMK_I32, {size()}),
                            tensor(VMK_I32, {size() + 1}), tensor(VMK_I32, {size()}),
                            tensor(VMK_I64, {2}), number() % 10'000),  // counts take grid * 4 bytes
          "bev_intervals");
  } else if (op == 14) {
    const auto [order, starts, intervals] = plan();
    ended(vmk_bev_pool(ctx_, v, tensor(dtype, {size(), c}), order, starts, intervals,
                       tensor(sums_of(dtype), {9, c})),
          "bev_pool");
  } else if (op == 15) {
    const float grid[6] = {-1, 0, -2, 1, rarely() ? 0.0f : 0.5f, 3};
    int32_t extent[4];
    for (int32_t& e : extent) e = rarely() ? number() : 1 + static_cast<int32_t>(below(3));
    ended(vmk_bev_cells(ctx_, v, tensor(VMK_F32, {size(), 3}), tensor(VMK_I32, {size()}), grid,
                        extent, static_cast<int32_t>(below(2)) * 2),
          "bev_cells");
  } else if (op == 16) {
    const auto [order, starts, intervals] = plan();
    ended(vmk_bev_pool_backward(ctx_, v, tensor(dtype, {9, c}), order, starts, intervals,
                                tensor(dtype, {size(), c})),
          "bev_pool_backward");
  } else if (op == 17) {
    const auto [order, starts, intervals] = plan();
    ended(vmk_bev_pool_fused(ctx_, v, tensor(dtype, {3 * pixels * size()}),
                             tensor(dtype, {pixels * size(), c}), order, starts, intervals,
                             tensor(sums_of(dtype), {9, c}), rarely() ? number() : pixels),
          "bev_pool_fused");
  } else {
    const auto [order, starts, intervals] = plan();
    ended(vmk_bev_pool_fused_backward(
              ctx_, v, tensor(dtype, {9, c}), tensor(dtype, {3 * pixels * size()}),
              tensor(dtype, {pixels * size(), c}), order, starts, intervals,
              tensor(dtype, {3 * pixels * size()}), tensor(dtype, {pixels * size(), c}),
              rarely() ? number() : pixels),
          "bev_pool_fused_backward");
  }
}

void Fuzz::call_dense(int64_t op, int32_t v) {
  const int64_t c = 1 + below(70), m = 1 + below(70);
  const auto vector = [&](int64_t n) { return below(2) ? tensor(VMK_F32, {n}) : nullptr; };
  const vmk_dtype dtype = feature();
  const auto matrix = [&](int64_t n) { return below(2) ? tensor(dtype, {size(), n}) : nullptr; };
  const auto activation = static_cast<int32_t>(below(5));
  if (op == 21) {
    ended(vmk_linear(ctx_, v, tensor(dtype, {size(), c}), tensor(dtype, {c, m}), vector(m),
                     vector(m), matrix(m), tensor(dtype, {size(), m}), activation, 0.1f),
          "linear");
  } else if (op == 22) {
    ended(vmk_affine(ctx_, v, tensor(dtype, {size(), c}), vector(c), vector(c), matrix(c),
                     tensor(dtype, {size(), c}), activation, 0.1f),
          "affine");
  } else if (op == 23) {
    ended(vmk_layer_norm(ctx_, v, tensor(dtype, {size(), c}), tensor(VMK_F32, {c}),
                         tensor(VMK_F32, {c}), tensor(dtype, {size(), c}),
                         rarely() ? -1.0f : 1e-5f),
          "layer_norm");
  } else if (op == 24) {
    ended(vmk_softmax(ctx_, v, tensor(dtype, {size(), c}), tensor(dtype, {size(), c})),
          "softmax");
  } else if (op == 25) {
    ended(vmk_concat(ctx_, v, tensor(dtype, {size(), c}), tensor(dtype, {size(), m}),
                     tensor(dtype, {size(), c + m})),
          "concat");
  } else if (op == 26) {
    ended(vmk_map_reduce(ctx_, v, tensor(dtype, {size() + 8, c}), tensor(VMK_I32, {3, size()}),
                         tensor(dtype, {size(), c}), static_cast<int32_t>(below(5))),
          "map_reduce");
  } else {
    const int64_t r = 1 + below(5), cells = r * r * r * (rarely() ? 1 : 9);
    ended(vmk_grid_voxelize(ctx_, v, tensor(VMK_F32, {size(), 4}), tensor(VMK_I32, {size()}),
                            tensor(VMK_I32, {cells + 1}), tensor(VMK_I32, {size(), 1}),
                            tensor(VMK_F32, {size(), 1}), tensor(VMK_I32, {size(), 8}),
                            tensor(VMK_F32, {size(), 8}), static_cast<int32_t>(r)),
          "grid_voxelize");
  }
}

void Fuzz::call_attention(int64_t op, int32_t v) {
  const int64_t c = 1 + below(40), m = 1 + below(40), groups = 1 + below(3);
  if (op == 34) {
    const vmk_dtype dtype = feature();
    ended(vmk_split(ctx_, v, tensor(dtype, {size(), c + m}), tensor(dtype, {size(), c}),
                    tensor(dtype, {size(), m})),
          "split");
    return;
  }
  const int64_t heads = 1 + below(3), queries = 1 + below(3), keys = below(9);
  const auto vector = [&] { return below(2) ? tensor(VMK_F32, {c * heads}) : nullptr; };
  const auto scores = [&](int64_t n) {
    return below(2) ? tensor(VMK_F32, {n, queries, keys}) : nullptr;
  };
  ended(vmk_attention(ctx_, v, tensor(VMK_F32, {size() + 8, c * heads}),
                      tensor(VMK_F32, {size() + 8, c * heads}),
                      tensor(VMK_F32, {size() + 8, c * heads}),
                      tensor(VMK_I32, {groups, queries}), tensor(VMK_I32, {groups, keys}), vector(),
                      vector(), scores(heads), scores(1 + below(groups)),
                      tensor(VMK_F32, {size() + 8, c * heads}),
                      rarely() ? number() : static_cast<int32_t>(heads)),
        "attention");
}

extern "C" int fuzz(vmk_ctx* ctx, unsigned seed, int rounds) {
  return Fuzz(ctx, seed).rounds(rounds);
}
