// SPDX-License-Identifier: Apache-2.0
#include "notifiers/transport/smtp_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "notifiers/transport/curl_handle.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr int kDataAccepted = 354;  // the server waits for the message

struct Upload {
  std::string_view rest;
  bool done = false;  // libcurl has taken the whole message
};

size_t OnUpload(char* buffer, size_t size, size_t count, void* user) {
  auto* upload = static_cast<Upload*>(user);
  const size_t bytes = std::min(size * count, upload->rest.size());
  std::memcpy(buffer, upload->rest.data(), bytes);
  upload->rest.remove_prefix(bytes);
  upload->done = upload->rest.empty();
  return bytes;
}

// Asked about once a second and whenever something moves; not 0 ends the call.
int OnProgress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::stop_token*>(user)->stop_requested() ? 1 : 0;
}

size_t IgnoreAnswer(char* /*data*/, size_t size, size_t count, void* /*user*/) {
  return size * count;
}

std::string CheckRequest(const MailRequest& request) {
  if (request.to.empty()) return "no recipient";
  if (HasControlBytes(request.from) || HasControlBytes(request.hello) ||
      HasControlBytes(request.smarthost) ||
      std::ranges::any_of(request.to, [](const std::string& to) { return HasControlBytes(to); })) {
    return "an address or host name holds a line break";
  }
  return "";
}

void SetConnection(CURL* curl, const MailRequest& request) {
  const std::string url = fmt::format("{}://{}/{}", request.implicit_tls ? "smtps" : "smtp",
                                      request.smarthost, UrlEncodePath(request.hello));
  const bool verify =
      (request.require_tls || request.implicit_tls) && !request.insecure_skip_verify;
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                   static_cast<long>(std::max<DurationMs>(request.timeout, 1)));
  // After a timeout libcurl says QUIT and waits again, two minutes unless told: so a call ends
  // within twice its timeout.
  curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT,
                   static_cast<long>((request.timeout + kSecond - 1) / kSecond));
  curl_easy_setopt(curl, CURLOPT_USE_SSL,
                   request.require_tls ? long{CURLUSESSL_ALL} : long{CURLUSESSL_TRY});
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
  if (!request.username.empty()) {
    curl_easy_setopt(curl, CURLOPT_USERNAME, request.username.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, request.password.c_str());
    curl_easy_setopt(curl, CURLOPT_SASL_IR, 1L);  // one round trip less
  }
}

MailResult ResultOf(CURL* curl, CURLcode code, const Upload& upload, const std::string& error) {
  MailResult result;
  long answer = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer);
  result.code = static_cast<int>(answer);
  result.delivered = code == CURLE_OK;
  if (result.delivered) return result;
  // Nothing was said after the message went out: it may lie in the server's queue.
  result.unknown = upload.done && result.code == kDataAccepted;
  result.error = result.code >= 400 ? fmt::format("SMTP {}: {}", result.code, error) : error;
  return result;
}

MailResult Failed(std::string error) {
  return {.code = 0, .delivered = false, .unknown = false, .error = std::move(error)};
}

class CurlSmtpClient final : public SmtpClient {
 public:
  MailResult Send(const MailRequest& request) override {
    if (std::string error = CheckRequest(request); !error.empty()) return Failed(std::move(error));
    const CurlEasy handle(curl_easy_init());
    if (handle == nullptr) return Failed("libcurl cannot make a handle");
    return Perform(handle.get(), request);
  }

 private:
  static MailResult Perform(CURL* curl, const MailRequest& request) {
    Upload upload{request.message};
    CurlList recipients;
    std::array<char, CURL_ERROR_SIZE> detail{};
    for (const std::string& to : request.to) recipients.Add(fmt::format("<{}>", to));
    SetConnection(curl, request);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, fmt::format("<{}>", request.from).c_str());
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients.get());
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, OnUpload);
    curl_easy_setopt(curl, CURLOPT_READDATA, &upload);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, IgnoreAnswer);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail.data());
    std::stop_token stop = request.stop;
    if (stop.stop_possible()) {
      curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
      curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, OnProgress);
      curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &stop);
    }
    const CURLcode code = curl_easy_perform(curl);
    const std::string text = detail[0] != '\0' ? detail.data() : curl_easy_strerror(code);
    return ResultOf(curl, code, upload, fmt::format("{}: {}", request.smarthost, text));
  }

  CurlLibrary library_;
};

}  // namespace

std::unique_ptr<SmtpClient> MakeCurlSmtpClient() { return std::make_unique<CurlSmtpClient>(); }

}  // namespace outrider
