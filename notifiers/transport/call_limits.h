// SPDX-License-Identifier: Apache-2.0
// What an attempt to send may still take. The dispatcher sets it for the thread an attempt runs in;
// the clients it goes through keep to it, so that no channel can forget to: also the requests for a
// token, the second message to the same target and the retries within a channel end by then.
#pragma once

#include <memory>
#include <stop_token>
#include <thread>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "notifiers/transport/http_client.h"
#include "notifiers/transport/smtp_client.h"
#include "storage/base/clock.h"

namespace outrider {

struct CallLimit {
  Nanos deadline = 0;    // 0: none
  std::stop_token stop;  // asked to end
};

// By thread. Thread-safe.
class CallLimits {
 public:
  // The calling thread's limit, until it is destroyed in the same thread.
  class Scope {
   public:
    Scope(CallLimits& limits, CallLimit limit);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    CallLimits& limits_;
  };
  // Of the calling thread; none where nobody has set one.
  CallLimit Current() const;

 private:
  mutable absl::Mutex mutex_;
  std::unordered_map<std::thread::id, CallLimit> by_thread_ ABSL_GUARDED_BY(mutex_);
};

// The clients with the limits on them; a call begun after its deadline is DeadlineExceeded at once.
// All arguments outlive the result.
std::unique_ptr<HttpClient> LimitHttp(HttpClient& inner, const CallLimits& limits,
                                      const Clock& clock);
std::unique_ptr<SmtpClient> LimitSmtp(SmtpClient& inner, const CallLimits& limits,
                                      const Clock& clock);

}  // namespace outrider
