// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/pod_name.h"

#include <algorithm>

namespace outrider {
namespace {

// Kubernetes makes its suffixes of these, so that they spell no words.
constexpr std::string_view kSafe = "bcdfghjklmnpqrstvwxz2456789";
constexpr std::string_view kDigits = "0123456789";

// Cuts `-<suffix>` of min..max characters, all of `alphabet`.
std::optional<std::string_view> Strip(std::string_view name, std::string_view alphabet, size_t min,
                                      size_t max) {
  const size_t dash = name.rfind('-');
  if (dash == std::string_view::npos || dash == 0) return std::nullopt;
  const std::string_view suffix = name.substr(dash + 1);
  if (suffix.size() < min || suffix.size() > max) return std::nullopt;
  if (suffix.find_first_not_of(alphabet) != std::string_view::npos) return std::nullopt;
  return name.substr(0, dash);
}

}  // namespace

std::optional<std::string_view> StripReplicaSetHash(std::string_view replica_set) {
  return Strip(replica_set, kSafe, 6, 10);
}

std::optional<std::string_view> StripJobTime(std::string_view job) {
  return Strip(job, kDigits, 8, 10);
}

std::optional<std::string_view> StripNumber(std::string_view name) {
  return Strip(name, kDigits, 1, 5);
}

WorkloadName GuessWorkload(std::string_view pod) {
  if (const auto owner = Strip(pod, kSafe, 5, 5)) {
    // The time of a CronJob's run may pass for a hash, so it is tried first.
    if (const auto cron = StripJobTime(*owner)) return {std::string(*cron), "CronJob"};
    if (const auto deployment = StripReplicaSetHash(*owner)) {
      return {std::string(*deployment), "Deployment"};
    }
    // A DaemonSet, a Job or a bare ReplicaSet: the name does not tell.
    return {std::string(*owner), "Unknown"};
  }
  if (const auto set = StripNumber(pod)) return {std::string(*set), "StatefulSet"};
  return {std::string(pod), "Pod"};
}

}  // namespace outrider
