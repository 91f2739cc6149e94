// SPDX-License-Identifier: Apache-2.0
// Saved state of a container: no bytes may crash, and what was read goes on with new samples.
#include <cstdlib>

#include "rules/workloads/container_state.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace outrider;  // NOLINT(google-build-using-namespace)
  ContainerState state;
  RowReader in(std::string_view(reinterpret_cast<const char*>(data), size), 1, "state");
  state.Load(in);
  if (!in.Finish().ok()) return 0;
  constexpr Timestamp kStart = 1'763'700'000'000;
  for (int i = 0; i < 130; ++i) {
    const Timestamp now = kStart + i * kMinute;
    const Sample sample = {now, static_cast<double>(i)};
    state.AddUse({&sample, 1}, {&sample, 1});
    state.CloseUntil(now);
    state.Judge(nullptr, now);
  }
  RowWriter out(1);
  state.Save(out);
  const std::string bytes = out.Take();
  RowReader again(bytes, 1, "state");
  ContainerState next;
  next.Load(again);
  if (!again.Finish().ok()) std::abort();
  return 0;
}
