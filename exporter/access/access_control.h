// SPDX-License-Identifier: Apache-2.0
// Who calls, and whether they may: the guard before every handler, and signing in and out.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "exporter/access/credentials.h"
#include "exporter/access/password_checker.h"
#include "exporter/access/rate_limiter.h"
#include "exporter/access/sessions.h"
#include "exporter/access/team_rules.h"
#include "exporter/access/token_store.h"
#include "exporter/access/web_config.h"
#include "exporter/http/auth.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"

namespace outrider {

struct AccessSeams {
  TokenStore& tokens;
  const Clock& clock;
  Random& random;
  // Whose something is, of the kinds that a path names; nullopt when there is nothing of that name.
  std::function<std::optional<std::vector<std::string>>(Owned owned, const std::string& name)>
      teams_of;
  PasswordChecker::Check check;  // PasswordFits, but in tests
};

struct AccessOptions {
  AuthOptions open;          // what holds while no users are configured
  std::string route_prefix;  // of the cookie and the login page
};

// Thread-safe.
class AccessControl {
 public:
  // The seams outlive it.
  AccessControl(WebConfig config, AccessOptions options, AccessSeams seams);

  // The users of a reload; verdicts about passwords are forgotten, sessions of users who are gone
  // or whose password changed end.
  void Replace(WebConfig config) ABSL_LOCKS_EXCLUDED(mutex_);

  // Sets request.caller. Answers 401 (or the login page, for browsers), 403, 429 or 503 in the
  // handler's place. Run after the router knows the route.
  std::optional<HttpResponse> Guard(HttpRequest& request);

  // 204 and a cookie; errors as the guard's. Where it leads to is the handler's.
  struct LoginResult {
    std::string cookie;  // value of Set-Cookie; "" : `refusal` says why not
    Caller caller;
    std::optional<HttpResponse> refusal;
  };
  LoginResult Login(const HttpRequest& request, const std::string& name,
                    const std::string& password);
  // Ends the session of the request, if it has one; returns the Set-Cookie that forgets it.
  std::string Logout(const HttpRequest& request);

  bool HasUsers() const { return !Config()->users.empty(); }
  const std::string& route_prefix() const { return options_.route_prefix; }

 private:
  struct Identity {
    enum class Kind { kNobody, kKnown, kWrong, kTooManyFailures, kBusy };
    Kind kind = Kind::kNobody;
    Caller caller;
    DurationMs wait = 0;  // of kTooManyFailures
  };
  std::shared_ptr<const WebConfig> Config() const ABSL_LOCKS_EXCLUDED(mutex_);
  Identity Identify(const WebConfig& config, const HttpRequest& request);
  Identity ByPassword(const WebConfig& config, const HttpRequest& request, const std::string& name,
                      const std::string& password);
  Identity ByToken(const HttpRequest& request, const std::string& text);
  Identity ByFeedToken(const HttpRequest& request, const std::string& text);
  Identity BySession(const WebConfig& config, const std::string& secret) const;
  // `what` they are: each kind has a limit of its own.
  Identity Failed(const HttpRequest& request, std::string_view what);
  std::optional<HttpResponse> Limit(const HttpRequest& request);
  std::optional<HttpResponse> Judge(const Identity& identity, bool users, HttpRequest& request);
  std::optional<HttpResponse> JudgeTeam(const HttpRequest& request) const;
  std::string CookieText(const HttpRequest& request, const std::string& value,
                         DurationMs lifetime) const;

  const AccessOptions options_;
  const AccessSeams seams_;
  PasswordChecker passwords_;
  Sessions sessions_;
  RateLimiter requests_;
  RateLimiter failures_;  // by address
  mutable absl::Mutex mutex_;
  std::shared_ptr<const WebConfig> config_ ABSL_GUARDED_BY(mutex_);
};

// What counts as one caller: an IPv4 address (also one in IPv6's clothes), or of an IPv6 address
// its first 64 bits, because whoever has one has them all. Any other text stands for itself.
std::string CallerAddress(const std::string& remote_address);

}  // namespace outrider
