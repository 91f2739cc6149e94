// SPDX-License-Identifier: Apache-2.0
#include "notifiers/transport/oauth2.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "absl/synchronization/mutex.h"
#include "notifiers/transport/public_url.h"
#include "storage/base/crypto.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr Nanos kEarly = 10 * kNanosPerSecond;  // a token is not used in its last seconds
constexpr Nanos kAssertionLife = 3600 * kNanosPerSecond;
constexpr Nanos kClockSkew = 10 * kNanosPerSecond;
constexpr size_t kMaxTokens = 1000;
constexpr size_t kMaxAnswer = 1 << 20;

std::string Base64Url(std::string_view bytes) {
  std::string out = Base64Encode(bytes);
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  while (out.ends_with('=')) out.pop_back();
  return out;
}

std::string Form(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    out +=
        fmt::format("{}{}={}", out.empty() ? "" : "&", UrlEncodeQuery(name), UrlEncodeQuery(value));
  }
  return out;
}

// What tells one token from another.
std::string KeyOf(const OAuth2Settings& s) {
  std::string all;
  const auto add = [&](std::string_view part) { all += fmt::format("{}:{};", part.size(), part); };
  for (const std::string* part :
       {&s.client_id, &s.client_secret, &s.token_url, &s.private_key, &s.key_id, &s.algorithm,
        &s.issuer, &s.audience, &s.claims, &s.transport.proxy_url, &s.transport.ca_file,
        &s.transport.cert_file, &s.transport.server_name}) {
    add(*part);
  }
  add(Join(s.scopes, " "));
  add(Form(s.endpoint_params));
  return Sha256(all);
}

void WriteJson(const JsonValue& value, JsonWriter* json) {
  switch (value.kind) {
    case JsonValue::Kind::kNull:
      json->Null();
      return;
    case JsonValue::Kind::kBool:
      json->Bool(value.boolean);
      return;
    case JsonValue::Kind::kNumber:
      value.is_integer ? json->Int(value.integer) : json->Double(value.number);
      return;
    case JsonValue::Kind::kString:
      json->String(value.string);
      return;
    case JsonValue::Kind::kArray:
      json->StartArray();
      for (const JsonValue& item : value.items) WriteJson(item, json);
      json->EndArray();
      return;
    case JsonValue::Kind::kObject:
      json->StartObject();
      for (const auto& [name, member] : value.members) WriteJson(member, &json->Key(name));
      json->EndObject();
      return;
  }
}

StatusOr<std::string> Assertion(const OAuth2Settings& s, Nanos now) {
  const JsonValue own = TRY(ParseJson(s.claims.empty() ? "{}" : s.claims));
  if (own.kind != JsonValue::Kind::kObject) return InvalidArgument("oauth2 claims are no object");
  std::string head;
  JsonWriter header(&head);
  header.StartObject().Key("alg").String(s.algorithm).Key("typ").String("JWT");
  if (!s.key_id.empty()) header.Key("kid").String(s.key_id);
  header.EndObject();
  std::string body;
  JsonWriter claims(&body);
  claims.StartObject();
  const auto claim = [&](std::string_view name, const std::string& value) {
    if (!value.empty() && own.Find(name) == nullptr) claims.Key(name).String(value);
  };
  claim("iss", s.issuer.empty() ? s.client_id : s.issuer);
  claim("sub", s.client_id);
  claim("aud", s.audience.empty() ? s.token_url : s.audience);
  claim("scope", Join(s.scopes, " "));
  const Nanos issued = now - kClockSkew;
  if (own.Find("iat") == nullptr) claims.Key("iat").Int(issued / kNanosPerSecond);
  if (own.Find("exp") == nullptr) {
    claims.Key("exp").Int((issued + kAssertionLife) / kNanosPerSecond);
  }
  for (const auto& [name, value] : own.members) WriteJson(value, &claims.Key(name));
  claims.EndObject();
  const std::string text = Base64Url(head) + "." + Base64Url(body);
  const int bits = s.algorithm == "RS512" ? 512 : s.algorithm == "RS384" ? 384 : 256;
  const std::string signature = SignRsa(s.private_key, bits, text);
  if (signature.empty()) return InvalidArgument("the key of oauth2 is no RSA key in PEM");
  return text + "." + Base64Url(signature);
}

enum class AuthStyle { kHeader, kForm };  // where the client's secret stands

StatusOr<HttpClientRequest> TokenRequest(const OAuth2Settings& s, AuthStyle style, Nanos now) {
  HttpClientRequest request = s.transport;
  request.method = "POST";
  request.url = s.token_url;
  request.max_body = kMaxAnswer;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                     {"Accept", "application/json"},
                     {"User-Agent", "Outrider"}};
  std::vector<std::pair<std::string, std::string>> form;
  if (!s.private_key.empty()) {
    form.emplace_back("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
    form.emplace_back("assertion", TRY(Assertion(s, now)));
  } else {
    form.emplace_back("grant_type", "client_credentials");
    if (!s.scopes.empty()) form.emplace_back("scope", Join(s.scopes, " "));
    if (style == AuthStyle::kHeader) {
      // RFC 6749 §2.3.1: both are form-encoded before they are put together.
      request.basic_user = UrlEncodeQuery(s.client_id);
      request.basic_password = UrlEncodeQuery(s.client_secret);
    } else {
      form.emplace_back("client_id", s.client_id);
      if (!s.client_secret.empty()) form.emplace_back("client_secret", s.client_secret);
    }
  }
  form.insert(form.end(), s.endpoint_params.begin(), s.endpoint_params.end());
  request.body = Form(form);
  return request;
}

struct Token {
  std::string text;
  Nanos expires = 0;  // 0: never
};

Status TokenError(const OAuth2Settings& s, const std::string& what) {
  return absl::UnavailableError(
      fmt::format("OAuth2 token from {}: {}", PublicPart(s.token_url), what));
}

// expires_in is a number, for some servers a text.
int64_t SecondsOf(const JsonValue& answer) {
  const JsonValue* value = answer.Find("expires_in");
  if (value == nullptr) return 0;
  if (value->kind == JsonValue::Kind::kNumber) return static_cast<int64_t>(value->number);
  const auto number = ParseInt(value->string);
  return number.ok() ? *number : 0;
}

// Codes of RFC 6749 §5.2, RFC 8707 and what servers have beside them. Any other text may repeat
// what was sent, the secret or the assertion too, and errors are logged and shown.
constexpr std::string_view kErrorCodes[] = {
    "access_denied",           "interaction_required", "invalid_client",
    "invalid_client_metadata", "invalid_grant",        "invalid_request",
    "invalid_resource",        "invalid_scope",        "invalid_target",
    "invalid_token",           "server_error",         "slow_down",
    "temporarily_unavailable", "unauthorized_client",  "unsupported_grant_type"};

std::string ErrorCode(const JsonValue& answer) {
  const std::string code = answer.GetString("error");
  return std::ranges::find(kErrorCodes, code) == std::end(kErrorCodes) ? "" : code;
}

StatusOr<Token> ReadToken(const OAuth2Settings& s, const HttpClientResponse& response, Nanos now) {
  const StatusOr<JsonValue> json = ParseJson(response.body);
  const bool object = json.ok() && json->kind == JsonValue::Kind::kObject;
  if (response.status < 200 || response.status >= 300) {
    const std::string error = object ? ErrorCode(*json) : "";
    return TokenError(
        s, fmt::format("HTTP {}{}{}", response.status, error.empty() ? "" : ": ", error));
  }
  if (!object) return TokenError(s, "the answer is no JSON object");
  Token token{json->GetString("access_token"), 0};
  if (token.text.empty()) return TokenError(s, "the answer has no access_token");
  const int64_t seconds = std::min<int64_t>(SecondsOf(*json), int64_t{10} * 365 * 86400);
  if (seconds > 0) token.expires = now + seconds * kNanosPerSecond;
  return token;
}

class OAuth2HttpClient final : public HttpClient {
 public:
  OAuth2HttpClient(std::unique_ptr<HttpClient> inner, const Clock& clock)
      : inner_(std::move(inner)), clock_(clock) {}

  StatusOr<HttpClientResponse> Do(const HttpClientRequest& request) override {
    if (request.oauth2 == nullptr) return inner_->Do(request);
    const OAuth2Settings& settings = *request.oauth2;
    const Nanos started = clock_.NowNanos();
    const std::string key = KeyOf(settings);
    HttpClientRequest call = request;
    call.oauth2 = nullptr;
    call.bearer_token = TRY(TokenFor(key, request, started, ""));
    auto response = Continue(&call, request, started);
    if (!response.ok() || response->status != 401) return response;
    const auto fresh = TokenFor(key, request, started, call.bearer_token);
    if (!fresh.ok()) return response;
    call.bearer_token = *fresh;
    return Continue(&call, request, started);
  }

 private:
  struct Entry {
    Token token;
    bool form = false;  // the server did not take the secret in the header
    bool fetching = false;
  };

  // The call with what is left of its time.
  StatusOr<HttpClientResponse> Continue(HttpClientRequest* call, const HttpClientRequest& request,
                                        Nanos started) {
    TRY(SetTimeLeft(request, started, call));
    return inner_->Do(*call);
  }
  Status SetTimeLeft(const HttpClientRequest& request, Nanos started,
                     HttpClientRequest* call) const {
    const DurationMs spent = (clock_.NowNanos() - started) / kNanosPerMilli;
    call->timeout = request.timeout - spent;
    if (call->timeout > 0) return absl::OkStatus();
    return absl::DeadlineExceededError(
        fmt::format("{}: no time left after the OAuth2 token", PublicPart(request.url)));
  }

  // A token that is not `refused`; the kept one, or one fetched by this or another thread.
  StatusOr<std::string> TokenFor(const std::string& key, const HttpClientRequest& request,
                                 Nanos started, const std::string& refused) {
    bool form = false;
    std::shared_ptr<Entry> entry;  // it may be forgotten meanwhile
    {
      const absl::MutexLock lock(&mutex_);
      std::shared_ptr<Entry>& kept = entries_[key];
      if (kept == nullptr) kept = std::make_shared<Entry>();
      entry = kept;
      const auto idle = [&entry]() { return !entry->fetching; };
      mutex_.Await(absl::Condition(&idle));
      const Token& token = entry->token;
      const Nanos now = clock_.NowNanos();
      const bool valid = token.expires == 0 || now < token.expires - kEarly;
      if (!token.text.empty() && token.text != refused && valid) return token.text;
      entry->fetching = true;
      form = entry->form;
    }
    StatusOr<Token> fetched = Fetch(request, started, &form);
    const absl::MutexLock lock(&mutex_);
    entry->fetching = false;
    entry->token = fetched.ok() ? *fetched : Token();
    entry->form = form;
    Trim(key);
    if (!fetched.ok()) return fetched.status();
    return fetched->text;
  }

  StatusOr<Token> Fetch(const HttpClientRequest& request, Nanos started, bool* form) {
    const OAuth2Settings& settings = *request.oauth2;
    bool refused = false;
    StatusOr<Token> token = TryFetch(request, started, *form, &refused);
    // Servers differ in where they take the secret; as Go's client, the other place is tried too.
    if (token.ok() || !settings.private_key.empty() || *form || !refused) return token;
    StatusOr<Token> second = TryFetch(request, started, true, &refused);
    if (!second.ok()) return token;
    *form = true;
    return second;
  }

  // `*refused`: the server answered with a status of 4xx.
  StatusOr<Token> TryFetch(const HttpClientRequest& request, Nanos started, bool form,
                           bool* refused) {
    const OAuth2Settings& settings = *request.oauth2;
    const Nanos now = clock_.NowNanos();
    auto call = TokenRequest(settings, form ? AuthStyle::kForm : AuthStyle::kHeader, now);
    if (!call.ok()) return TokenError(settings, Message(call.status()));
    TRY(SetTimeLeft(request, started, &*call));
    call->stop = request.stop;
    call->guard_address = request.guard_address;
    call->allowed_networks = request.allowed_networks;
    const auto response = inner_->Do(*call);
    if (!response.ok()) return TokenError(settings, Message(response.status()));
    *refused = response->status >= 400 && response->status < 500;
    return ReadToken(settings, *response, now);
  }

  // Forgets tokens that nobody fetches, when there are too many.
  void Trim(const std::string& keep) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (entries_.size() <= kMaxTokens) return;
    for (auto it = entries_.begin(); it != entries_.end(); ++it) {
      if (it->first == keep || it->second->fetching) continue;
      entries_.erase(it);
      return;
    }
  }

  const std::unique_ptr<HttpClient> inner_;
  const Clock& clock_;
  absl::Mutex mutex_;
  std::map<std::string, std::shared_ptr<Entry>> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<HttpClient> MakeOAuth2HttpClient(std::unique_ptr<HttpClient> inner,
                                                 const Clock& clock) {
  return std::make_unique<OAuth2HttpClient>(std::move(inner), clock);
}

}  // namespace outrider
