// SPDX-License-Identifier: Apache-2.0
// Each call takes a handle off a free list and gives it back: a handle keeps its connections, and
// no two threads ever share one (libcurl's shared connection cache is not safe for threads). A call
// runs in a multi handle of its own, because that can be woken: a stop ends it at once.
#include "notifiers/transport/http_client.h"

#include <fmt/format.h>

#include <array>
#include <stop_token>

#include "absl/synchronization/mutex.h"
#include "notifiers/transport/curl_connection.h"
#include "notifiers/transport/curl_handle.h"
#include "notifiers/transport/public_url.h"
#include "notifiers/transport/redirect.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxHeaderBytes = 256 << 10;
constexpr size_t kMaxIdleHandles = 64;
constexpr int kMaxRedirects = 10;

// What the callbacks fill while a call runs.
struct Exchange {
  HttpClientResponse response;
  size_t header_bytes = 0;
  bool headers_done = false;  // of the newest answer, interim ones and redirects included
  bool over_limit = false;
  size_t max_body = 0;
};

size_t OnBody(char* data, size_t size, size_t count, void* user) {
  auto* exchange = static_cast<Exchange*>(user);
  const size_t bytes = size * count;
  const size_t room = exchange->max_body - exchange->response.body.size();
  exchange->response.body.append(data, std::min(bytes, room));
  exchange->over_limit = bytes > room;
  return exchange->over_limit ? 0 : bytes;  // 0 ends the transfer
}

size_t OnHeader(char* data, size_t size, size_t count, void* user) {
  auto* exchange = static_cast<Exchange*>(user);
  const size_t bytes = size * count;
  exchange->header_bytes += bytes;
  if (exchange->header_bytes > kMaxHeaderBytes) return 0;
  const std::string_view line = Trim(std::string_view(data, bytes));
  if (line.starts_with("HTTP/")) {
    exchange->response = {};
    exchange->headers_done = false;
    const size_t blank = line.find(' ');
    const auto status = ParseInt(line.substr(std::min(blank + 1, line.size())).substr(0, 3));
    exchange->response.status = status.ok() ? static_cast<int>(*status) : 0;
    return bytes;
  }
  if (line.empty()) {
    exchange->headers_done = true;
    return bytes;
  }
  const size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    exchange->response.headers.emplace_back(ToLower(line.substr(0, colon)),
                                            std::string(Trim(line.substr(colon + 1))));
  }
  return bytes;
}

Status CheckRequest(const HttpClientRequest& request) {
  const std::string scheme = ToLower(request.url.substr(0, request.url.find(':')));
  if ((scheme != "http" && scheme != "https") || HasControlBytes(request.url)) {
    return InvalidArgument(
        fmt::format("{}: only http and https URLs can be called", PublicPart(request.url)));
  }
  for (const auto& [name, value] : request.headers) {
    if (name.empty() || HasControlBytes(name) || HasControlBytes(value) || Contains(name, ":")) {
      return InvalidArgument(fmt::format("{}: header {} holds a line break or the like",
                                         PublicPart(request.url), Quote(name)));
    }
  }
  if (request.oauth2 != nullptr) return Internal("this client fetches no OAuth2 tokens");
  if (HasControlBytes(request.bearer_token)) {
    return InvalidArgument("the bearer token holds a line break");
  }
  return absl::OkStatus();
}

void SetMethod(CURL* curl, const HttpClientRequest& request) {
  const auto set_body = [&] {
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.c_str());
  };
  if (request.method == "GET") {
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
  } else if (request.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  } else {
    if (request.method != "DELETE" || !request.body.empty()) set_body();
    if (request.method != "POST") {
      curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
  }
}

// libcurl quietly sends a request again when a kept connection turns out to be dead, though the far
// side may have read it. Only what may come twice may use one (the rule of Go's client).
bool MayComeTwice(const HttpClientRequest& request) {
  if (request.fresh_connection) return false;
  if (request.method == "GET" || request.method == "HEAD") return true;
  for (const auto& [name, value] : request.headers) {
    if (ToLower(name) == "idempotency-key") return true;
  }
  return false;
}

void SetHeaders(CURL* curl, const HttpClientRequest& request, const std::string& host,
                CurlList* headers) {
  if (!host.empty()) headers->Add("Host: " + host);
  bool agent = false;
  bool type = false;
  for (const auto& [name, value] : request.headers) {
    agent = agent || ToLower(name) == "user-agent";
    type = type || ToLower(name) == "content-type";
    headers->Add(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }
  if (!agent) headers->Add("User-Agent: Outrider");
  if (!type) headers->Add("Content-Type:");  // none, rather than libcurl's form type
  headers->Add("Expect:");                   // no waiting for 100-continue
  if (!request.bearer_token.empty()) {
    headers->Add("Authorization: Bearer " + request.bearer_token);
  }
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers->get());
  // A token may stand as a password without a user.
  if (!request.basic_user.empty() || !request.basic_password.empty()) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(curl, CURLOPT_USERNAME, request.basic_user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, request.basic_password.c_str());
  }
}

void SetTransport(CURL* curl, const HttpClientRequest& request) {
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                   static_cast<long>(std::max<DurationMs>(request.timeout, 1)));
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, MayComeTwice(request) ? 0L : 1L);
  // What a proxy says to CONNECT is no answer of the server's.
  curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

// Whether the newest complete head is the answer itself.
bool HasAnswer(const Exchange& exchange) {
  return exchange.headers_done && exchange.response.status >= 200;
}

// Where the answer redirects to, resolved; "" if it does not.
std::string RedirectOf(CURL* curl, const HttpClientRequest& request, int status) {
  const char* url = nullptr;
  if (!request.follow_redirects || !IsRedirect(status)) return "";
  if (curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &url) != CURLE_OK) return "";
  return url == nullptr ? "" : url;
}

DurationMs TimeOf(CURL* curl) {
  curl_off_t micros = 0;
  curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME_T, &micros);
  return micros / 1000;
}

Status FailureOf(CURLcode code, const char* detail, const std::string& url) {
  const char* text = detail[0] != '\0' ? detail : curl_easy_strerror(code);
  const std::string message = fmt::format("{}: {}", PublicPart(url), text);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return absl::DeadlineExceededError(message);
    case CURLE_ABORTED_BY_CALLBACK:
      return absl::CancelledError(message);
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      // The detail may quote the URL.
      return InvalidArgument(fmt::format("{}: {}", PublicPart(url), curl_easy_strerror(code)));
    default:
      return absl::UnavailableError(message);
  }
}

// CURLE_ABORTED_BY_CALLBACK when `stop` ended it.
CURLcode RunTransfer(CURLM* multi, CURL* curl, const std::stop_token& stop) {
  constexpr int kLongestPoll = 1000;  // ms; whatever happens ends the wait
  if (curl_multi_add_handle(multi, curl) != CURLM_OK) return CURLE_FAILED_INIT;
  const std::stop_callback wake(stop, [multi] { curl_multi_wakeup(multi); });
  CURLcode code = CURLE_ABORTED_BY_CALLBACK;
  while (!stop.stop_requested()) {
    int running = 0;
    CURLMcode step = curl_multi_perform(multi, &running);
    if (step == CURLM_OK && running > 0) {
      step = curl_multi_poll(multi, nullptr, 0, kLongestPoll, nullptr);
    }
    if (step != CURLM_OK) {
      code = CURLE_FAILED_INIT;
      break;
    }
    if (running > 0) continue;
    int left = 0;
    const CURLMsg* message = curl_multi_info_read(multi, &left);
    code = message == nullptr ? CURLE_FAILED_INIT : message->data.result;
    break;
  }
  curl_multi_remove_handle(multi, curl);
  return code;
}

class CurlHttpClient final : public HttpClient {
 public:
  StatusOr<HttpClientResponse> Do(const HttpClientRequest& request) override {
    TRY(CheckRequest(request));
    Handle handle = TakeHandle();
    if (handle.easy == nullptr || handle.multi == nullptr) {
      return Internal("libcurl cannot make a handle");
    }
    auto result = Follow(handle, request);
    GiveBack(std::move(handle));
    return result;
  }

 private:
  struct Handle {
    CurlMulti multi;  // keeps the connections
    CurlEasy easy;
  };

  // What an answer leads to.
  struct Hop {
    std::string redirect;  // "": nowhere else
    DurationMs took = 0;
  };

  static StatusOr<HttpClientResponse> Follow(const Handle& handle,
                                             const HttpClientRequest& request) {
    Hop hop;
    StatusOr<HttpClientResponse> response = Perform(handle, request, &hop);
    HttpClientRequest last;
    for (int followed = 0; response.ok() && !hop.redirect.empty(); ++followed) {
      if (followed == kMaxRedirects) {
        return absl::UnavailableError(
            fmt::format("{}: more than {} redirects", PublicPart(request.url), kMaxRedirects));
      }
      const DurationMs left = (followed == 0 ? request : last).timeout - hop.took;
      last = TRY(Redirected(request, followed == 0 ? request : last, response->status,
                            std::move(hop.redirect)));
      last.timeout = left;
      TRY(CheckRequest(last));
      if (left <= 0) {
        return absl::DeadlineExceededError(
            fmt::format("{}: no time is left to follow a redirect", PublicPart(request.url)));
      }
      response = Perform(handle, last, &hop);
    }
    return response;
  }

  static StatusOr<HttpClientResponse> Perform(const Handle& handle,
                                              const HttpClientRequest& request, Hop* hop) {
    CURL* curl = handle.easy.get();
    Exchange exchange;
    exchange.max_body = request.max_body;
    CurlList headers;
    std::array<char, CURL_ERROR_SIZE> detail{};
    CurlConnection connection;
    Status applied = connection.Apply(curl, request);
    if (!applied.ok()) {
      curl_easy_reset(curl);
      return applied;
    }
    SetTransport(curl, request);
    SetMethod(curl, request);
    SetHeaders(curl, request, connection.host_header(), &headers);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail.data());
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, OnBody);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, OnHeader);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
    const CURLcode code = RunTransfer(handle.multi.get(), curl, request.stop);
    *hop = {RedirectOf(curl, request, exchange.response.status), TimeOf(curl)};
    curl_easy_reset(curl);  // keeps connections, drops what points into this frame
    if (code == CURLE_OK) return std::move(exchange.response);
    if (!connection.refused().empty()) {
      return InvalidArgument(fmt::format("{}: {}", PublicPart(request.url), connection.refused()));
    }
    if (code != CURLE_ABORTED_BY_CALLBACK && HasAnswer(exchange)) {
      exchange.response.body_cut = true;
      return std::move(exchange.response);
    }
    return FailureOf(code, detail.data(), request.url);
  }

  Handle TakeHandle() {
    {
      const absl::MutexLock lock(&mutex_);
      if (!idle_.empty()) {
        Handle handle = std::move(idle_.back());
        idle_.pop_back();
        return handle;
      }
    }
    return {CurlMulti(curl_multi_init()), CurlEasy(curl_easy_init())};
  }

  void GiveBack(Handle handle) {
    const absl::MutexLock lock(&mutex_);
    if (idle_.size() < kMaxIdleHandles) idle_.push_back(std::move(handle));
  }

  CurlLibrary library_;
  absl::Mutex mutex_;
  std::vector<Handle> idle_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::string HttpClientResponse::Header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return "";
}

std::unique_ptr<HttpClient> MakeCurlHttpClient() { return std::make_unique<CurlHttpClient>(); }

}  // namespace outrider
