// SPDX-License-Identifier: Apache-2.0
// What names alone tell about owners, for when kube-state-metrics does not say. Pure.
// Source: specs/cost_and_rightsizing.md §4.4.
#pragma once

#include <optional>
#include <string_view>

#include "rules/analytics/workload_names.h"

namespace outrider {

// `web-7d4b9c6f5d` -> `web`: the name of the Deployment that made a ReplicaSet.
std::optional<std::string_view> StripReplicaSetHash(std::string_view replica_set);
// `backup-28371234` -> `backup`: the name of the CronJob that made a Job.
std::optional<std::string_view> StripJobTime(std::string_view job);
// `app-12` -> `app`: a StatefulSet's pod, or a DeploymentConfig's ReplicationController.
std::optional<std::string_view> StripNumber(std::string_view name);

// The workload a pod's name looks like; the pod itself (kind Pod) if it looks like none.
WorkloadName GuessWorkload(std::string_view pod);

}  // namespace outrider
