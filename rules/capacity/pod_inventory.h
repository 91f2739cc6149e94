// SPDX-License-Identifier: Apache-2.0
// Who runs where, what it holds and what it uses now: what the capacity engine tells others
// (rules/cost) of every container, so that nobody reads the same series again. Sources:
// specs/cost_and_rightsizing.md §4.1, 4.2, 4.4.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "rules/capacity/recommendation.h"
#include "storage/base/clock.h"

namespace outrider {

// Cores, bytes, devices, bytes; absent: not set.
struct ContainerResources {
  std::optional<double> cpu;
  std::optional<double> memory;
  std::optional<double> gpu;  // all of nvidia_com_gpu, amd_com_gpu, ...: devices
  std::optional<double> ephemeral_storage;
};

enum class PodPhase : uint8_t { kUnknown, kPending, kRunning, kEnded };  // kEnded: well or not

// One container of one pod, or a machine, a process group, a systemd unit (then `pod` and
// `container` are empty and `node` is the instance). Views hold while the visit lasts.
struct ContainerView {
  // Of this container (all its restarts) while it is known: a small number, used again for another
  // one later; and a number that is never used again in this process.
  uint32_t id = 0;
  uint64_t birth = 0;

  std::string_view cluster;  // the label `cluster`; empty: there is none
  std::string_view namespace_name;
  std::string_view pod;
  std::string_view uid;   // of the pod; empty: not known
  std::string_view node;  // empty: not known, or not scheduled yet
  std::string_view container;
  std::string_view image;                 // empty: not known
  const WorkloadKey* workload = nullptr;  // nullptr: the pod's owner may still become known
  PodPhase phase = PodPhase::kUnknown;
  bool init = false;            // an init container, and no sidecar: its requests do not add up
  Timestamp started = 0;        // the pod; 0: not known
  ContainerResources requests;  // a machine: what it has
  ContainerResources limits;
  // Mean of the last minutes (2.5 to 5); absent: there are no samples of them.
  std::optional<double> cpu_cores;
  std::optional<double> memory_bytes;
  // Of the newest sample of use; INT64_MIN: none was ever seen.
  Timestamp last_use = INT64_MIN;
};

// Thread-safe.
class PodInventory {
 public:
  virtual ~PodInventory() = default;
  // Every container that is there now: with samples of use in the last minutes, or told of by
  // kube-state-metrics as of a pod that has not ended. In no order. `use` must not call back.
  virtual void VisitContainers(const std::function<void(const ContainerView&)>& use) const = 0;
};

}  // namespace outrider
