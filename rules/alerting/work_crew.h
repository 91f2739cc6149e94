// SPDX-License-Identifier: Apache-2.0
// The rules of one group, run by several threads: whoever evaluates the group works along, threads
// that have nothing to do join in. Thread-safe; reads no clock.
#pragma once

#include <functional>
#include <set>
#include <stop_token>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "rules/alerting/rule_order.h"

namespace outrider {

class WorkCrew {
 public:
  // Calls task(i) once for each i of `order`, after those it waits for; returns when all are done.
  // `share`: others may join in. Without helpers the order is that of the numbers.
  void Run(const RuleOrder& order, const std::function<void(size_t)>& task, bool share);

  // Does one task of somebody's run; false when nobody needs help.
  bool HelpOnce();
  // Stopped when there is something to help with, and by Wake(). Take it before looking for work.
  std::stop_token WakeToken();
  void Wake();

 private:
  struct Job;
  // True when others became ready.
  static bool Finish(Job* job, size_t done);
  void WakeAll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  std::vector<Job*> jobs_
      ABSL_GUARDED_BY(mutex_);  // that are shared; each lives on its Run's stack
  std::stop_source wake_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace outrider
