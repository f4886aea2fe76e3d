// Entries: plan_begin, plan_end, plan_run, plan_info, plan_free; and what recording adds.
#include "plan.hpp"

#include <algorithm>
#include <string>

namespace vmk {

void record(vmk_ctx* ctx, const char* op, std::function<void(Device&)> run) {
  vmk_plan& plan = *ctx->recording;
  const auto step = static_cast<int64_t>(plan.steps.size());
  for (const vmk_tensor* tensor : ctx->used) plan.uses.try_emplace(tensor, vmk_plan::Use{step});
  plan.steps.push_back({op, std::move(run)});
}

void choose_queue(vmk_ctx* ctx, int32_t queue) {
  ctx->device->queue(queue);
  if (!ctx->recording) return;
  ctx->recording->forked = true;
  record(ctx, "queue", [queue](Device& device) { device.queue(queue); });
}

void record_join(vmk_ctx* ctx) {
  if (!ctx->recording || !ctx->recording->forked) return;
  ctx->recording->forked = false;
  record(ctx, "join", [](Device& device) { device.join(); });
}

namespace {

// A copy of what the tensor holds, which lives as long as the plan.
const void* keep(vmk_ctx* ctx, const vmk_tensor* tensor) {
  std::vector<void*>& kept = ctx->recording->kept;
  kept.push_back(nullptr);
  kept.back() = ctx->device->alloc(tensor->bytes());
  ctx->device->copy(kept.back(), tensor->data, tensor->bytes());
  return kept.back();
}

}  // namespace

void record_upload(vmk_ctx* ctx, const vmk_tensor* to) {
  ctx->used.push_back(to);
  const void* from = keep(ctx, to);
  record(ctx, "upload", [data = to->data, from, bytes = to->bytes()](Device& device) {
    device.copy(data, from, bytes);
  });
}

void record_download(vmk_ctx* ctx, const vmk_tensor* from) {
  ctx->used.push_back(from);
  const void* read = keep(ctx, from);
  const auto step = static_cast<int64_t>(ctx->recording->steps.size());
  record(ctx, "download", [data = from->data, read, bytes = from->bytes(), step](Device& device) {
    device.expect_same(data, read, bytes, step);
  });
}

void forget_in_plans(const vmk_tensor* tensor) noexcept {
  for (vmk_plan* plan : tensor->ctx->plans) {
    const auto found = plan->uses.find(tensor);
    if (found != plan->uses.end()) found->second.freed = true;
  }
}

namespace {

void expect_plan(const vmk_ctx* ctx, const vmk_plan* plan, const char* verb) {
  if (!plan) fail(VMK_INVALID_ARGUMENT, "Cannot %s a plan: it is null", verb);
  if (plan->ctx != ctx)
    fail(VMK_INVALID_ARGUMENT, "Cannot %s a plan: it belongs to another context", verb);
}

// What a tensor is to a plan: still there, with the shape that it had when the recording ended.
void expect_unchanged(const vmk_plan& plan) {
  for (const auto& [tensor, use] : plan.uses) {
    const char* op = plan.steps[static_cast<size_t>(use.step)].op;
    const auto step = static_cast<long long>(use.step);
    if (use.freed)
      fail(VMK_INVALID_ARGUMENT, "Cannot run a plan: a tensor of step %lld, %s, was freed", step,
           op);
    for (int32_t i = 0; i < tensor->ndim; ++i)
      if (tensor->shape[i] != use.shape[i])
        fail(VMK_INVALID_ARGUMENT, "Cannot run a plan: dimension %d of a tensor of step %lld, %s, "
             "is %lld, it was %lld when the plan was recorded", i, step, op,
             static_cast<long long>(tensor->shape[i]), static_cast<long long>(use.shape[i]));
  }
}

void replay(const vmk_plan& plan) {
  Device& device = *plan.ctx->device;
  for (const vmk_plan::Step& step : plan.steps) step.run(device);
}

// Queues the graph, capturing it where there is none that fits; false where there can be none.
bool launch(vmk_plan& plan) {
  Device& device = *plan.ctx->device;
  if (plan.graph && device.launch(*plan.graph)) return true;
  if (plan.tried && !plan.graph) return false;
  plan.tried = true;
  plan.graph = device.capture([&] { replay(plan); }, plan.plain);
  return plan.graph && device.launch(*plan.graph);
}

std::string describe(const vmk_plan& plan) {
  std::string text = "steps: " + std::to_string(plan.steps.size()) + "\nreplay: ";
  if (plan.graph) return text + "graph";
  return text + "plain\nwhy: " + (plan.tried ? plan.plain : "it was not run yet");
}

}  // namespace

}  // namespace vmk

using namespace vmk;

VMK_API vmk_plan* vmk_plan_begin(vmk_ctx* ctx) {
  vmk_plan* made = nullptr;
  guard(ctx, [&] {
    if (ctx->recording)
      fail(VMK_INVALID_ARGUMENT, "Cannot begin a plan: another one is being recorded");
    ctx->device->join();
    auto plan = std::make_unique<vmk_plan>();
    plan->ctx = ctx;
    ctx->plans.push_back(plan.get());
    ctx->recording = made = plan.release();
  });
  return made;
}

VMK_API vmk_status vmk_plan_end(vmk_ctx* ctx, vmk_plan* plan) {
  return guard(ctx, [&] {
    expect_plan(ctx, plan, "end");
    if (ctx->recording != plan)
      fail(VMK_INVALID_ARGUMENT, "Cannot end a plan: it is not being recorded");
    record_join(ctx);
    ctx->device->join();
    for (auto& [tensor, use] : plan->uses)
      if (!use.freed) use.shape = tensor->shape;
    ctx->recording = nullptr;
  });
}

VMK_API vmk_status vmk_plan_run(vmk_ctx* ctx, vmk_plan* plan) {
  return guard(ctx, [&] {
    expect_plan(ctx, plan, "run");
    if (ctx->recording)
      fail(VMK_INVALID_ARGUMENT, "Cannot run a plan: one is being recorded");
    expect_unchanged(*plan);
    ctx->device->join();
    if (!plan->steps.empty() && !launch(*plan)) replay(*plan);
  });
}

VMK_API int64_t vmk_plan_info(const vmk_plan* plan, char* buf, int64_t cap) {
  return copy_text(plan ? describe(*plan) : "", buf, cap);
}

VMK_API void vmk_plan_free(vmk_plan* plan) {
  if (!plan) return;
  vmk_ctx* ctx = plan->ctx;
  if (ctx->recording == plan) ctx->recording = nullptr;
  for (void* data : plan->kept) ctx->device->release(data);
  std::erase(ctx->plans, plan);
  delete plan;
  release_if_unused(ctx);
}
