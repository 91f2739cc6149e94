// SPDX-License-Identifier: Apache-2.0
// A store that is opened by a thread of its own while a start does something else. Every call waits
// until it is open.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "absl/synchronization/notification.h"
#include "storage/state/state_store.h"

namespace outrider {

// Thread-safe.
class OpeningStore final : public StateStore {
 public:
  using Opened = StatusOr<std::unique_ptr<StateStore>>;
  // `open` is called at once, by another thread.
  explicit OpeningStore(std::function<Opened()> open)
      : opener_([this, open = std::move(open)] {
          opened_ = open();
          done_.Notify();
        }) {}

  // How the opening went. After an error every other call gives the same.
  Status Wait() const {
    done_.WaitForNotification();
    return opened_.status();
  }
  StatusOr<std::optional<Row>> Get(Family family, std::string_view key) const override {
    TRY(Wait());
    return (*opened_)->Get(family, key);
  }
  Status Scan(Family family, std::string_view prefix, std::string_view from,
              const std::function<bool(const Row&)>& visit) const override {
    TRY(Wait());
    return (*opened_)->Scan(family, prefix, from, visit);
  }
  Status Commit(const Batch& batch, Durability durability) override {
    TRY(Wait());
    return (*opened_)->Commit(batch, durability);
  }
  StoreStats Stats() const override { return Wait().ok() ? (*opened_)->Stats() : StoreStats(); }

 private:
  Opened opened_ = absl::UnavailableError("not open yet");  // written before done_
  absl::Notification done_;
  std::jthread opener_;  // the last: it writes to the others
};

}  // namespace outrider
