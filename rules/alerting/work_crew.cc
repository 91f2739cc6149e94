// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/work_crew.h"

namespace outrider {

// Guarded by the crew's mutex. The owner stays until every task is done, and who has done a task
// does not touch the job after its Finish.
struct WorkCrew::Job {
  const RuleOrder& order;
  const std::function<void(size_t)>& task;
  std::vector<uint32_t> waits;
  std::set<size_t> ready = {};
  size_t done = 0;
  absl::CondVar changed{};

  size_t TakeFirst() {
    const size_t first = *ready.begin();
    ready.erase(ready.begin());
    return first;
  }
};

bool WorkCrew::Finish(Job* job, size_t done) {
  bool more = false;
  for (const uint32_t follower : job->order.followers[done]) {
    if (--job->waits[follower] != 0) continue;
    job->ready.insert(follower);
    more = true;
  }
  ++job->done;
  job->changed.SignalAll();
  return more;
}

void WorkCrew::WakeAll() {
  wake_.request_stop();
  wake_ = std::stop_source();
}

void WorkCrew::Run(const RuleOrder& order, const std::function<void(size_t)>& task, bool share) {
  if (!share) {  // rules wait for earlier ones only
    for (size_t i = 0; i < order.size(); ++i) task(i);
    return;
  }
  Job job{.order = order, .task = task, .waits = order.waits};
  for (size_t i = 0; i < order.size(); ++i) {
    if (job.waits[i] == 0) job.ready.insert(i);
  }
  absl::MutexLock lock(&mutex_);
  jobs_.push_back(&job);
  bool news = true;  // there is work that sleepers have not been told of
  while (job.done < order.size()) {
    if (job.ready.empty()) {
      job.changed.Wait(&mutex_);
      continue;
    }
    const size_t next = job.TakeFirst();
    if (news && !job.ready.empty()) {  // more than this thread's work
      WakeAll();
      news = false;
    }
    mutex_.Unlock();
    task(next);
    mutex_.Lock();
    news |= Finish(&job, next);
  }
  std::erase(jobs_, &job);
}

bool WorkCrew::HelpOnce() {
  Job* job = nullptr;
  size_t next = 0;
  {
    const absl::MutexLock lock(&mutex_);
    for (Job* candidate : jobs_) {
      if (candidate->ready.empty()) continue;
      job = candidate;
      next = job->TakeFirst();
      break;
    }
  }
  if (job == nullptr) return false;
  job->task(next);
  const absl::MutexLock lock(&mutex_);
  if (Finish(job, next)) WakeAll();
  return true;
}

std::stop_token WorkCrew::WakeToken() {
  const absl::MutexLock lock(&mutex_);
  return wake_.get_token();
}

void WorkCrew::Wake() {
  const absl::MutexLock lock(&mutex_);
  WakeAll();
}

}  // namespace outrider
