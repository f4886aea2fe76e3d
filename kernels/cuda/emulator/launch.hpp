#pragma once
// What VMK_LAUNCH becomes under the emulator.
#include <tuple>
#include <utility>

#include "cudart.hpp"
#include "scheduler.hpp"

namespace vmk::emulator {

template <class... P, class... A>
void launch(const char* name, dim3 grid, dim3 block, size_t shared_bytes, void (*kernel)(P...),
            A&&... arguments) {
  struct Call {
    void (*kernel)(P...);
    std::tuple<P...> parameters;
  } call{kernel, std::tuple<P...>(std::forward<A>(arguments)...)};
  enqueue([=]() mutable {
    run_grid(
        name, grid, block, shared_bytes,
        [](void* data) {
          auto* made = static_cast<Call*>(data);
          std::apply(made->kernel, made->parameters);
        },
        &call, sizeof call);
    return cudaSuccess;
  });
}

}  // namespace vmk::emulator
