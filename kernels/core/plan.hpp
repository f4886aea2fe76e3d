#pragma once
// A recorded list of calls. Ops are added by run_variant; what else a plan must do again is added
// by the entries of context.cc.
#include <unordered_map>

#include "internal.hpp"

struct vmk_plan {
  struct Step {
    const char* op;
    std::function<void(vmk::Device&)> run;
  };
  struct Use {
    int64_t step;  // the first
    std::array<int64_t, VMK_MAX_DIMS> shape{};  // when the recording ended
    bool freed = false;
  };

  vmk_ctx* ctx = nullptr;
  std::vector<Step> steps;
  std::unordered_map<const vmk_tensor*, Use> uses;
  std::vector<void*> kept;  // copies of what the host wrote and read, in the device's memory
  std::unique_ptr<vmk::Graph> graph;
  std::string plain;  // why there is no graph
  bool tried = false;  // to capture one
  bool forked = false;  // queues were chosen since they were last joined
};

namespace vmk {

// Chooses a queue, now and in the plan.
void choose_queue(vmk_ctx* ctx, int32_t queue);
// The copy is made again from what the tensor holds now.
void record_upload(vmk_ctx* ctx, const vmk_tensor* to);
// What the host has read must come out the same: later calls may depend on it.
void record_download(vmk_ctx* ctx, const vmk_tensor* from);
// A tensor that is freed invalidates the plans that use it.
void forget_in_plans(const vmk_tensor* tensor) noexcept;

}  // namespace vmk
