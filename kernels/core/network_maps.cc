// Entry: network_maps.
#include "plan.hpp"

using namespace vmk;

namespace {

// Coordinates whose rows the ops before have counted, or which all are there.
struct Counted {
  const int32_t* coords;
  int64_t most;
  const int64_t* rows;  // or nullptr
};

void expect_coords(const vmk_ctx* ctx, const vmk_tensor* coords, const char* name) {
  expect(ctx, coords, name, VMK_I32, 2);
  expect_rows(coords, name);
  expect_size(coords, name, 1, 4);
}

// A map [KV, B] for coords [B, 4].
void expect_map(const vmk_ctx* ctx, const vmk_tensor* map, const char* name, const Geometry& g,
                const vmk_tensor* coords) {
  expect(ctx, map, name, VMK_I32, 2);
  expect_size(map, name, 0, g.volume());
  expect_size(map, name, 1, coords->shape[0]);
}

struct Levels {
  const vmk_tensor* coords;
  int32_t count;
  vmk_tensor* const *out_coords, *const *strided, *const *maps;
  vmk_tensor* counts;
  const int32_t* geometries;
  const vmk_tensor* rows;

  const vmk_tensor* at(int32_t level) const { return level ? out_coords[level - 1] : coords; }
  Geometry submanifold(int32_t level) const {
    return read_geometry(geometries + 2 * level * VMK_GEOMETRY_INTS);
  }
  Geometry stride(int32_t level) const {
    return read_geometry(geometries + (2 * level - 1) * VMK_GEOMETRY_INTS);
  }
};

void expect_levels(const vmk_ctx* ctx, const Levels& all) {
  constexpr int32_t kMostLevels = 16;  // past any network: a stride of 2 passes the range at 18
  if (all.count < 0 || all.count > kMostLevels)
    fail(VMK_INVALID_ARGUMENT, "Cannot map a network: it has %d strided layers, 0 to %d are "
         "supported", all.count, kMostLevels);
  if (!all.maps || !all.geometries || (all.count > 0 && (!all.out_coords || !all.strided)))
    fail(VMK_INVALID_ARGUMENT, "Cannot map a network: a list of its tensors or layers is null");
  expect(ctx, all.counts, "counts", VMK_I64, 1);
  expect_size(all.counts, "counts", 0, all.count);
  if (all.rows) {
    expect(ctx, all.rows, "rows", VMK_I64, 1);
    expect_size(all.rows, "rows", 0, 1);
  }
  for (int32_t level = 0; level <= all.count; ++level) {
    const Geometry g = all.submanifold(level);
    if (!g.submanifold())
      fail(VMK_INVALID_ARGUMENT, "Cannot map a network: the layer of level %d is not submanifold",
           level);
    expect_coords(ctx, all.at(level), level ? "out_coords" : "coords");
    expect_map(ctx, all.maps[level], "maps", g, all.at(level));
    if (level > 0)
      expect_map(ctx, all.strided[level - 1], "strided", all.stride(level), all.at(level));
  }
}

void make_maps(vmk_ctx* ctx, int32_t variant, const Levels& all) {
  const bool padded = all.rows != nullptr;
  Counted finer{all.coords->as<int32_t>(), all.coords->shape[0],
                padded ? all.rows->as<int64_t>() : nullptr};
  for (int32_t level = 0; level <= all.count; ++level) {
    if (level > 0) {
      const vmk_tensor* out = all.at(level);
      int64_t* count = all.counts->as<int64_t>() + level - 1;
      choose_queue(ctx, 0);
      run_variant(ctx, "strided_map", kStridedMap, 0,
                  {{finer.coords, out->as<int32_t>(), count, finer.most, out->shape[0],
                    all.stride(level), VMK_OUT_REACHED, false, {}, finer.rows},
                   all.strided[level - 1]->as<int32_t>(), padded, level > 1});
      finer = {out->as<int32_t>(), out->shape[0], count};
    }
    // Beside the chain of levels, which goes on.
    choose_queue(ctx, 1 + level % (VMK_QUEUES - 1));
    run_variant(ctx, "kernel_map", kKernelMap, variant,
                {finer.coords, finer.coords, all.maps[level]->as<int32_t>(), finer.most,
                 finer.most, all.submanifold(level), finer.rows, padded});
  }
}

}  // namespace

VMK_API vmk_status vmk_network_maps(vmk_ctx* ctx, int32_t variant, const vmk_tensor* coords,
                                    int32_t levels, vmk_tensor* const* out_coords,
                                    vmk_tensor* const* strided, vmk_tensor* const* maps,
                                    vmk_tensor* counts, const int32_t* geometries,
                                    const vmk_tensor* rows) {
  return guard(ctx, [&] {
    const Levels all{coords, levels, out_coords, strided, maps, counts, geometries, rows};
    expect_levels(ctx, all);
    const bool known = variant >= 0 && variant < kKernelMap.count;  // or run_variant says so
    if (known && !ctx->device->is_host() && !kKernelMap.list[variant].counted)
      fail(VMK_UNSUPPORTED, "Cannot map a network: variant \"%s\" needs counts on the host",
           kKernelMap.list[variant].name);
    record_join(ctx);
    ctx->device->join();
    try {
      make_maps(ctx, variant, all);
    } catch (...) {
      choose_queue(ctx, 0);
      throw;
    }
    record_join(ctx);
    ctx->device->join();
  });
}
