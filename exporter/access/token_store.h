// SPDX-License-Identifier: Apache-2.0
// Tokens that programs call with: `otr_` and 64 hex digits, shown once; and those that stand in the
// URL of a calendar (`otc_` …), which open that calendar and nothing else. The store keeps the
// SHA-256 of the whole text in rows `token` 0x00 name of Family::kDirectory.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "exporter/http/server.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"
#include "storage/base/status.h"
#include "storage/state/state_store.h"

namespace outrider {

struct AccessToken {
  std::string name;    // unique; the caller's name
  std::string hash;    // SHA-256 of the token, 32 bytes
  std::string prefix;  // its first characters, to tell tokens apart
  Role role = Role::kViewer;
  std::vector<std::string> teams;
  std::string created_by;
  Nanos created_at = 0;
  Nanos expires_at = 0;    // 0: never
  Nanos last_used_at = 0;  // exact to kUseInterval; 0: never
  // Of a calendar's: whose schedule, and of which user alone ("" : of all). "" : it calls.
  std::string feed_schedule;
  std::string feed_user;
  bool IsFeed() const { return !feed_schedule.empty(); }
  friend bool operator==(const AccessToken&, const AccessToken&) = default;
};

std::string EncodeAccessToken(const AccessToken& token);
StatusOr<AccessToken> DecodeAccessToken(std::string_view bytes);

// Writes rows together with the event that says who did it (Desk::Configure).
using ConfigRecorder = std::function<Status(const std::string& subject, const std::string& text,
                                            const Caller& by, Batch rows)>;

// Thread-safe.
class TokenStore {
 public:
  static constexpr size_t kMost = 1000;  // of each kind
  // A use is written at most so often.
  static constexpr int64_t kUseInterval = 60 * kNanosPerSecond;

  // A row that cannot be read is left where it is and said. All outlive it.
  static StatusOr<std::unique_ptr<TokenStore>> Open(StateStore& store, Random& random);

  // Returns the token's text. AlreadyExists: the name is taken; ResourceExhausted: there are kMost.
  StatusOr<std::string> Create(AccessToken token, const Caller& by, Nanos now,
                               const ConfigRecorder& record) ABSL_LOCKS_EXCLUDED(mutex_);
  // NotFound: no such token.
  Status Revoke(const std::string& name, const Caller& by, const ConfigRecorder& record)
      ABSL_LOCKS_EXCLUDED(mutex_);
  std::vector<AccessToken> List() const ABSL_LOCKS_EXCLUDED(mutex_);  // by name
  // Whose it is; nullopt for one that is unknown or has expired, and for a calendar's. Notes the
  // use.
  std::optional<AccessToken> Use(const std::string& text, Nanos now) ABSL_LOCKS_EXCLUDED(mutex_);
  // The same of a calendar's, if it is that of this schedule and user.
  std::optional<AccessToken> UseFeed(const std::string& text, const std::string& schedule,
                                     const std::string& user, Nanos now)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  TokenStore(StateStore& store, Random& random) : store_(store), random_(random) {}
  Status Load() ABSL_LOCKS_EXCLUDED(mutex_);
  void NoteUse(AccessToken* token, Nanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  StateStore& store_;
  Random& random_;
  mutable absl::Mutex mutex_;
  std::map<std::string, AccessToken> by_name_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> name_of_ ABSL_GUARDED_BY(mutex_);  // by hash
};

}  // namespace outrider
