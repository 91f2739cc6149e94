// SPDX-License-Identifier: Apache-2.0
// Contact methods of people and receivers in the incident world: they take messages, fail for a
// while, tell to wait, refuse for good, and write down every attempt.
#pragma once

#include <functional>
#include <memory>

#include "notifiers/outbox/receivers.h"
#include "tests/sim/incident_log.h"

namespace outrider::sim {

// How the world may cheat, so that the checks must notice.
struct ContactFaults {
  bool loses = false;    // says that it took a message which nobody gets
  bool doubles = false;  // gives one message to the person twice
};

class ContactWorld {
 public:
  ContactWorld(const Clock& clock, RunLog& log, ContactFaults faults)
      : clock_(clock), log_(log), faults_(faults) {}

  // People's methods, the receivers team, pager and backup.
  std::shared_ptr<const Receivers> MakeReceivers(const Setup& setup);
  // A dead process sends nothing, whatever its code would still do.
  void SetAlive(std::function<bool()> alive) { alive_ = std::move(alive); }
  // Called in the middle of an attempt.
  void SetDuring(std::function<void(const std::string& incident)> during) {
    during_ = std::move(during);
  }
  SendResult Receive(const std::string& receiver, const std::string& method, bool idempotent,
                     const Notification& notification);

 private:
  Integration Make(const std::string& receiver, const std::string& method);
  SendResult Answer(const std::string& lane, Attempt* attempt) const;

  const Clock& clock_;
  RunLog& log_;
  const ContactFaults faults_;
  std::function<bool()> alive_;
  std::function<void(const std::string&)> during_;
  int count_ = 0;
};

}  // namespace outrider::sim
