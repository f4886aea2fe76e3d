// Graphs of plans: what their ops queue, captured once and launched at once.
#include "common.cuh"

namespace vmk {

namespace {

struct CudaGraph final : Graph {
  cudaGraphExec_t exec = nullptr;
  int64_t arena_moves = 0;  // when it was captured: kernels keep the addresses of scratch memory

  ~CudaGraph() override {
    if (exec) cudaGraphExecDestroy(exec);  // one that still runs is freed when it is done
  }
};

__global__ void __launch_bounds__(kBlock)
    compare_bytes(const char* __restrict__ found, const char* __restrict__ expected, int64_t bytes,
                  int64_t step, DataErrors* log) {
  const int64_t i = thread_index();
  if (i < bytes && found[i] != expected[i]) note(log, kOtherContent, 0, step, 0);
}

}  // namespace

void CudaDevice::expect_same(const void* found, const void* expected, int64_t bytes,
                             int64_t step) {
  enter();
  VMK_LAUNCH(*this, compare_bytes, blocks(bytes), kBlock, static_cast<const char*>(found),
             static_cast<const char*>(expected), bytes, step, data_errors());
}

std::unique_ptr<Graph> CudaDevice::capture(const std::function<void()>& run, std::string& why) {
  join();
  auto made = std::make_unique<CudaGraph>();
  const cudaStream_t origin = stream();
  // Relaxed: ops set limits of kernels, which other modes refuse while anything is captured.
  check(cudaStreamBeginCapture(origin, cudaStreamCaptureModeRelaxed), "capture a graph");
  capturing_ = true;
  queues_.pin_arenas(true);
  try {
    run();
    join();
  } catch (const std::exception& e) {
    why = e.what();
  }
  queues_.pin_arenas(false);
  capturing_ = false;
  cudaGraph_t graph = nullptr;
  cudaError_t error = cudaStreamEndCapture(origin, &graph);
  if (error == cudaSuccess && why.empty()) error = cudaGraphInstantiate(&made->exec, graph, 0);
  if (graph) cudaGraphDestroy(graph);
  if (made->exec) {
    made->arena_moves = queues_.arena_moves();
    return made;
  }
  cudaGetLastError();
  if (why.empty()) why = std::string("Cannot capture a graph: ") + cudaGetErrorString(error);
  join();  // back to queue 0, wherever the capture ended
  return nullptr;
}

bool CudaDevice::launch(Graph& any) {
  auto& graph = static_cast<CudaGraph&>(any);
  if (graph.arena_moves != queues_.arena_moves()) return false;
  join();
  log_used_ = true;  // its kernels may write to it
  check(cudaGraphLaunch(graph.exec, stream()), "launch a graph");
  launched("a graph");
  return true;
}

}  // namespace vmk
