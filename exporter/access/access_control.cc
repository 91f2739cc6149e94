// SPDX-License-Identifier: Apache-2.0
#include "exporter/access/access_control.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "exporter/access/refusal.h"
#include "exporter/access/roles.h"
#include "exporter/access/route_roles.h"
#include "storage/base/log.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// Somebody who does not exist is checked against this, so that the time tells nothing. The hash of
// nothing in particular, cost 10.
const char kNobodysHash[] = "$2b$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

// Calendar programs send no headers: who reads this may bring a token in the URL.
constexpr std::string_view kFeedRoute = "/outrider/v1/oncall/:name/calendar.ics";

bool BringsFeedToken(const HttpRequest& request) {
  return request.route == kFeedRoute && (request.method == "GET" || request.method == "HEAD") &&
         !request.QueryValue("token").empty();
}

// Sent by the browser itself, whatever page asked for it.
bool IsAmbient(const Caller& caller) { return caller.via == "basic" || caller.via == "session"; }

std::string FullPath(const std::string& prefix, const HttpRequest& request) {
  std::string path = prefix + (request.raw_path.empty() ? request.path : request.raw_path);
  if (!request.query.empty()) path += '?' + request.query;
  return path;
}

}  // namespace

std::string CallerAddress(const std::string& remote_address) {
  // The same address has many spellings, so the bytes decide.
  in6_addr address = {};
  const std::string plain = remote_address.substr(0, remote_address.find('%'));  // without a zone
  if (inet_pton(AF_INET6, plain.c_str(), &address) != 1) return remote_address;
  std::array<char, INET6_ADDRSTRLEN> text = {};
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    inet_ntop(AF_INET, &address.s6_addr[12], text.data(), text.size());
    return text.data();
  }
  if (IN6_IS_ADDR_LOOPBACK(&address)) return "::1";
  constexpr size_t kNetwork = 8;
  std::fill(std::begin(address.s6_addr) + kNetwork, std::end(address.s6_addr), uint8_t{0});
  inet_ntop(AF_INET6, &address, text.data(), text.size());
  return fmt::format("{}/64", text.data());
}

AccessControl::AccessControl(WebConfig config, AccessOptions options, AccessSeams seams)
    : options_(std::move(options)),
      seams_(std::move(seams)),
      passwords_(seams_.random, seams_.check),
      sessions_(seams_.random) {
  Replace(std::move(config));
}

void AccessControl::Replace(WebConfig config) {
  for (const std::string& warning : config.warnings) LogWarn(warning);
  const RateLimits limits = config.file.empty() ? RateLimits{0, 0, 0} : config.limits;
  {
    const absl::MutexLock lock(&mutex_);
    config_ = std::make_shared<const WebConfig>(std::move(config));
  }
  passwords_.Forget();
  requests_.Set(limits.requests_per_second, limits.burst);
  failures_.Set(limits.failed_logins_per_minute / 60, limits.failed_logins_per_minute);
}

std::shared_ptr<const WebConfig> AccessControl::Config() const {
  const absl::MutexLock lock(&mutex_);
  return config_;
}

AccessControl::Identity AccessControl::Failed(const HttpRequest& request, std::string_view what) {
  const std::string who = fmt::format("{}{}", what, CallerAddress(request.remote_address));
  const bool over = failures_.Take(who, seams_.clock.NowNanos()).has_value();
  // At most as often as the limit lets somebody try.
  if (over) return {.kind = Identity::Kind::kWrong, .caller = {}, .wait = 0};
  LogWarn("credentials were refused",
          {{"address", request.remote_address}, {"path", request.path}});
  return {.kind = Identity::Kind::kWrong, .caller = {}, .wait = 0};
}

AccessControl::Identity AccessControl::ByPassword(const WebConfig& config,
                                                  const HttpRequest& request,
                                                  const std::string& name,
                                                  const std::string& password) {
  const AccessUser* user = config.Find(name);
  const std::string hash = user == nullptr ? kNobodysHash : user->password_hash;
  // What is known to be right costs nothing, even from an address where others guess.
  std::optional<bool> right = passwords_.Known(name, password, hash);
  if (!right.value_or(false)) {
    const std::string address = CallerAddress(request.remote_address);
    if (const auto wait = failures_.Peek(address, seams_.clock.NowNanos())) {
      return {.kind = Identity::Kind::kTooManyFailures, .caller = {}, .wait = *wait};
    }
  }
  if (!right) {
    const PasswordChecker::Verdict verdict = passwords_.Ask(name, password, hash);
    if (verdict == PasswordChecker::Verdict::kBusy) {
      return {.kind = Identity::Kind::kBusy, .caller = {}, .wait = 0};
    }
    right = verdict == PasswordChecker::Verdict::kRight;
  }
  if (!*right || user == nullptr) return Failed(request, "");
  return {.kind = Identity::Kind::kKnown,
          .caller = {user->name, user->role, user->teams, "basic"},
          .wait = 0};
}

AccessControl::Identity AccessControl::ByToken(const HttpRequest& request,
                                               const std::string& text) {
  const std::optional<AccessToken> token = seams_.tokens.Use(text, seams_.clock.NowNanos());
  // Nobody guesses 256 bits: a token that has expired must not lock out who signs in from there.
  if (!token) return Failed(request, "token ");
  return {.kind = Identity::Kind::kKnown,
          .caller = {token->name, token->role, token->teams, "token"},
          .wait = 0};
}

AccessControl::Identity AccessControl::ByFeedToken(const HttpRequest& request,
                                                   const std::string& text) {
  const auto name = request.path_params.find("name");
  const std::string schedule = name == request.path_params.end() ? "" : name->second;
  const auto token =
      seams_.tokens.UseFeed(text, schedule, request.QueryValue("user"), seams_.clock.NowNanos());
  if (!token) return Failed(request, "token ");
  return {.kind = Identity::Kind::kKnown,
          .caller = {token->name, Role::kViewer, {}, "feed"},
          .wait = 0};
}

AccessControl::Identity AccessControl::BySession(const WebConfig& config,
                                                 const std::string& secret) const {
  const std::optional<Session> session = sessions_.Find(secret, seams_.clock.NowNanos());
  const AccessUser* user = session ? config.Find(session->user) : nullptr;
  if (user == nullptr || user->password_hash != session->password_hash) {
    // An old cookie is no attempt: its owner signs in again.
    return {};
  }
  return {.kind = Identity::Kind::kKnown,
          .caller = {user->name, user->role, user->teams, "session"},
          .wait = 0};
}

AccessControl::Identity AccessControl::Identify(const WebConfig& config,
                                                const HttpRequest& request) {
  if (BringsFeedToken(request)) return ByFeedToken(request, request.QueryValue("token"));
  const Credentials given = CredentialsOf(request);
  switch (given.kind) {
    case Credentials::Kind::kToken:
      return ByToken(request, given.secret);
    case Credentials::Kind::kBasic:
      // Without users a header may be a proxy's own.
      if (config.users.empty()) return {};
      return ByPassword(config, request, given.name, given.secret);
    case Credentials::Kind::kSession:
      return BySession(config, given.secret);
    case Credentials::Kind::kUnreadable:
      if (config.users.empty()) return {};
      return Failed(request, "token ");
    case Credentials::Kind::kNone:
      break;
  }
  return {};
}

std::optional<HttpResponse> AccessControl::Limit(const HttpRequest& request) {
  if (IsUnlimited(request.method, request.route)) return std::nullopt;
  const std::string who = request.caller.name.empty()
                              ? "address " + CallerAddress(request.remote_address)
                              : "caller " + request.caller.name;
  const auto wait = requests_.Take(who, seams_.clock.NowNanos());
  if (!wait) return std::nullopt;
  return TooMany(fmt::format("too many requests of {}", who), *wait);
}

// An operator of a team leaves what is of others alone.
std::optional<HttpResponse> AccessControl::JudgeTeam(const HttpRequest& request) const {
  const Caller& caller = request.caller;
  // Those who act for everybody cost no look-up.
  if (ActsFor(caller, {})) return std::nullopt;
  const TeamRule rule = TeamRuleOf(request.method, request.route);
  if (rule.owned == Owned::kShared || rule.owned == Owned::kInBody) return std::nullopt;
  std::optional<std::vector<std::string>> teams = std::vector<std::string>{};
  if (!rule.param.empty()) {
    const auto name = request.path_params.find(rule.param);
    if (name == request.path_params.end()) return std::nullopt;
    if (rule.owned == Owned::kUser && name->second == caller.name) return std::nullopt;
    teams = seams_.teams_of(rule.owned, name->second);
    if (!teams) return std::nullopt;  // the handler says that there is none
  }
  const Status allowed = CheckTeams(
      caller, *teams,
      rule.owned == Owned::kNobodys ? "this" : fmt::format("this {}", OwnedText(rule.owned)));
  if (allowed.ok()) return std::nullopt;
  return Refusal(403, Message(allowed));
}

std::optional<HttpResponse> AccessControl::Judge(const Identity& identity, bool users,
                                                 HttpRequest& request) {
  const Role needed = NeededRole(request.method, request.route);
  if (identity.kind == Identity::Kind::kNobody) {
    if (!users) return MakeAuthGuard(options_.open)(request);
    if (IsBrowser(request)) {
      return LoginPage(401, options_.route_prefix, FullPath(options_.route_prefix, request), "");
    }
    return Refusal(401, "who are you? A user's name and password or a token is wanted");
  }
  const Caller& caller = request.caller;
  if (caller.role < needed) {
    return Refusal(403, fmt::format("{} has the role {}; this needs the role {}", caller.name,
                                    RoleText(caller.role), RoleText(needed)));
  }
  if (needed >= Role::kOperator && IsAmbient(caller) && IsForeignPage(request)) {
    return Refusal(403, "a page of another site must not change anything here");
  }
  return JudgeTeam(request);
}

std::optional<HttpResponse> AccessControl::Guard(HttpRequest& request) {
  const std::shared_ptr<const WebConfig> config = Config();
  // Open routes ask nobody, so that they cost nothing but their limit.
  const bool open = NeededRole(request.method, request.route) == Role::kNone;
  const Identity identity = open ? Identity{} : Identify(*config, request);
  switch (identity.kind) {
    case Identity::Kind::kTooManyFailures:
      return TooMany("too many failed attempts from this address", identity.wait);
    case Identity::Kind::kBusy: {
      HttpResponse busy = Refusal(503, "too many passwords are being checked");
      busy.headers.emplace_back("Retry-After", "1");
      return busy;
    }
    case Identity::Kind::kWrong:
      return Refusal(401, "the name, the password or the token is wrong, or has expired");
    case Identity::Kind::kNobody:
    case Identity::Kind::kKnown:
      break;
  }
  request.caller = identity.caller;
  if (auto limited = Limit(request)) return limited;
  if (open) return std::nullopt;
  return Judge(identity, !config->users.empty(), request);
}

std::string AccessControl::CookieText(const HttpRequest& request, const std::string& value,
                                      DurationMs lifetime) const {
  const bool secure = options_.open.external_url.starts_with("https://") ||
                      ToLower(request.Header("X-Forwarded-Proto")) == "https";
  return fmt::format("{}={}; Path={}/; Max-Age={}; HttpOnly; SameSite=Strict{}", kSessionCookie,
                     value, options_.route_prefix, lifetime / kSecond, secure ? "; Secure" : "");
}

AccessControl::LoginResult AccessControl::Login(const HttpRequest& request, const std::string& name,
                                                const std::string& password) {
  const std::shared_ptr<const WebConfig> config = Config();
  LoginResult result;
  if (config->users.empty()) {
    result.refusal = Refusal(403, "no users are configured: nobody needs to sign in");
    return result;
  }
  // Signing somebody in as somebody else is an attack too.
  if (IsForeignPage(request)) {
    result.refusal = Refusal(403, "a page of another site must not sign anybody in");
    return result;
  }
  Identity identity = ByPassword(*config, request, name, password);
  if (identity.kind == Identity::Kind::kTooManyFailures) {
    result.refusal = TooMany("too many failed attempts from this address", identity.wait);
  } else if (identity.kind == Identity::Kind::kBusy) {
    result.refusal = Refusal(503, "too many passwords are being checked: try again");
  } else if (identity.kind != Identity::Kind::kKnown) {
    result.refusal = Refusal(401, "the name or the password is wrong");
  }
  if (result.refusal) return result;
  const Nanos now = seams_.clock.NowNanos();
  const DurationMs lifetime = config->session_lifetime;
  const std::string secret = sessions_.Begin(
      {name, config->Find(name)->password_hash, now + lifetime * kNanosPerMilli}, now);
  result.cookie = CookieText(request, secret, lifetime);
  result.caller = std::move(identity.caller);
  result.caller.via = "session";
  return result;
}

std::string AccessControl::Logout(const HttpRequest& request) {
  const std::string secret = FindCookie(request.Header("Cookie"), kSessionCookie);
  if (!secret.empty() && !IsForeignPage(request)) sessions_.End(secret);
  return CookieText(request, "", 0);
}

}  // namespace outrider
