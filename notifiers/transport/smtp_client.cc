// SPDX-License-Identifier: Apache-2.0
#include "notifiers/transport/smtp_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "notifiers/transport/address_guard.h"
#include "notifiers/transport/curl_connection.h"
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

// What client and server say to each other, line by line. libcurl tells only the last code; who was
// refused, and in which order the server names its mechanisms, stands here alone.
struct Dialogue {
  std::string recipient;  // whose RCPT waits for its answer
  std::vector<RefusedRecipient> refused;
  std::vector<std::string> mechanisms;  // of the newest EHLO
};

void OnCommand(std::string_view line, Dialogue* dialogue) {
  if (line.starts_with("EHLO ")) dialogue->mechanisms.clear();
  dialogue->recipient.clear();
  if (!line.starts_with("RCPT TO:<")) return;
  dialogue->recipient = line.substr(9, line.rfind('>') - 9);
}

void OnAnswer(std::string_view line, Dialogue* dialogue) {
  const bool last = line.size() == 3 || (line.size() > 3 && line[3] == ' ');
  const auto code = ParseInt(line.substr(0, 3));
  if (!code.ok()) return;
  const std::string_view text = line.substr(std::min<size_t>(line.size(), 4));
  if (*code == 250 && ToUpper(text).starts_with("AUTH ")) {
    for (const std::string_view mechanism : Split(text.substr(5), ' ')) {
      dialogue->mechanisms.push_back(ToUpper(mechanism));
    }
  }
  if (!last || dialogue->recipient.empty()) return;
  if (*code >= 400) {
    dialogue->refused.push_back(
        {dialogue->recipient, static_cast<int>(*code), std::string(Trim(text))});
  }
  dialogue->recipient.clear();
}

int OnDialogue(CURL* /*curl*/, curl_infotype type, char* data, size_t size, void* user) {
  const std::string_view text(data, size);
  if (type != CURLINFO_HEADER_OUT && type != CURLINFO_HEADER_IN) return 0;
  for (const std::string_view line : Split(text, '\n')) {
    if (Trim(line).empty()) continue;
    if (type == CURLINFO_HEADER_OUT) {
      OnCommand(Trim(line), static_cast<Dialogue*>(user));
    } else {
      OnAnswer(Trim(line), static_cast<Dialogue*>(user));
    }
  }
  return 0;
}

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

Status SetConnection(CURL* curl, const MailRequest& request, CurlList* connect_to) {
  std::string url = fmt::format("{}://{}/{}", request.implicit_tls ? "smtps" : "smtp",
                                request.smarthost, UrlEncodePath(request.hello));
  const bool tls_wanted = request.require_tls || request.implicit_tls;
  if (tls_wanted && !request.tls.server_name.empty()) {
    const RenamedUrl renamed = TRY(RenameServer(url, request.tls.server_name));
    url = renamed.url;
    connect_to->Add(renamed.connect_to);
    curl_easy_setopt(curl, CURLOPT_CONNECT_TO, connect_to->get());
  }
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  // The connection ends with the call, under its options: with the handle, a QUIT that nobody
  // answers could not be stopped.
  curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
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
  return SetTls(curl, request.tls, tls_wanted);
}

enum class Mechanism { kNone, kCramMd5, kPassword };

// The first of the server's mechanisms that there is something for; with only a secret or only a
// password there is nothing to choose.
Mechanism Choose(const MailRequest& request, const std::vector<std::string>& offered) {
  if (request.username.empty()) return Mechanism::kNone;
  for (const std::string& mechanism : offered) {
    if (mechanism == "CRAM-MD5" && !request.secret.empty()) return Mechanism::kCramMd5;
    const bool plain = mechanism == "PLAIN" || mechanism == "LOGIN";
    if (plain && !request.password.empty()) return Mechanism::kPassword;
  }
  return request.secret.empty() ? Mechanism::kPassword : Mechanism::kCramMd5;
}

void SetLogin(CURL* curl, const MailRequest& request, Mechanism mechanism) {
  if (mechanism == Mechanism::kNone) return;
  const bool cram = mechanism == Mechanism::kCramMd5;
  curl_easy_setopt(curl, CURLOPT_USERNAME, request.username.c_str());
  curl_easy_setopt(curl, CURLOPT_PASSWORD,
                   cram ? request.secret.c_str() : request.password.c_str());
  curl_easy_setopt(curl, CURLOPT_LOGIN_OPTIONS, cram ? "AUTH=CRAM-MD5" : "AUTH=PLAIN;AUTH=LOGIN");
  if (!request.identity.empty()) {
    curl_easy_setopt(curl, CURLOPT_SASL_AUTHZID, request.identity.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_SASL_IR, 1L);  // one round trip less
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

// What every call on a handle needs, and what it reports into. Outlives the call.
class Call {
 public:
  Call(CURL* curl, const MailRequest& request) : curl_(curl), request_(request) {}

  Status Prepare() {
    TRY(SetConnection(curl_, request_, &connect_to_));
    TRY(SetGuard());
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, IgnoreAnswer);
    curl_easy_setopt(curl_, CURLOPT_ERRORBUFFER, detail_.data());
    curl_easy_setopt(curl_, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(curl_, CURLOPT_DEBUGFUNCTION, OnDialogue);
    curl_easy_setopt(curl_, CURLOPT_DEBUGDATA, &dialogue_);
    if (stop_.stop_possible()) {
      curl_easy_setopt(curl_, CURLOPT_NOPROGRESS, 0L);
      curl_easy_setopt(curl_, CURLOPT_XFERINFOFUNCTION, OnProgress);
      curl_easy_setopt(curl_, CURLOPT_XFERINFODATA, &stop_);
    }
    return absl::OkStatus();
  }
  // Why the server must not be connected to; "" : it was not tried, or may be.
  const std::string& forbidden() const { return forbidden_; }
  // Connects and greets only; afterwards the dialogue knows the server's mechanisms.
  CURLcode Greet() {
    curl_easy_setopt(curl_, CURLOPT_CONNECT_ONLY, 1L);
    return curl_easy_perform(curl_);
  }
  CURLcode SendMail(Upload* upload) {
    for (const std::string& to : request_.to) recipients_.Add(fmt::format("<{}>", to));
    curl_easy_setopt(curl_, CURLOPT_MAIL_FROM, fmt::format("<{}>", request_.from).c_str());
    curl_easy_setopt(curl_, CURLOPT_MAIL_RCPT, recipients_.get());
    curl_easy_setopt(curl_, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
    curl_easy_setopt(curl_, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl_, CURLOPT_READFUNCTION, OnUpload);
    curl_easy_setopt(curl_, CURLOPT_READDATA, upload);
    return curl_easy_perform(curl_);
  }
  std::string ErrorText(CURLcode code) const {
    if (!forbidden_.empty()) return fmt::format("{}: {}", request_.smarthost, forbidden_);
    return fmt::format("{}: {}", request_.smarthost,
                       detail_[0] != '\0' ? detail_.data() : curl_easy_strerror(code));
  }
  Dialogue& dialogue() { return dialogue_; }

 private:
  Status SetGuard() {
    if (!request_.guard_address) return absl::OkStatus();
    guard_ = TRY(AddressGuard::Make(request_.allowed_networks));
    curl_easy_setopt(curl_, CURLOPT_OPENSOCKETFUNCTION, OnOpenSocket);
    curl_easy_setopt(curl_, CURLOPT_OPENSOCKETDATA, this);
    return absl::OkStatus();
  }
  static curl_socket_t OnOpenSocket(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) {
    auto* call = static_cast<Call*>(self);
    const StatusOr<IpAddress> known = SocketAddress(address->addr);
    const std::string why = known.ok() ? call->guard_->Refused(*known) : Message(known.status());
    if (!why.empty()) {
      // What becomes of another address of the name counts.
      if (!call->passed_) call->forbidden_ = why;
      return CURL_SOCKET_BAD;
    }
    call->passed_ = true;
    call->forbidden_.clear();
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  }

  CURL* const curl_;
  const MailRequest& request_;
  Dialogue dialogue_;
  CurlList recipients_;
  CurlList connect_to_;
  std::array<char, CURL_ERROR_SIZE> detail_{};
  std::stop_token stop_ = request_.stop;
  std::optional<AddressGuard> guard_;
  std::string forbidden_;
  bool passed_ = false;
};

class CurlSmtpClient final : public SmtpClient {
 public:
  MailResult Send(const MailRequest& request) override {
    if (std::string error = CheckRequest(request); !error.empty()) return Failed(std::move(error));
    Mechanism mechanism = Choose(request, {});
    if (!request.secret.empty() && !request.password.empty() && !request.username.empty()) {
      const auto chosen = Ask(request);
      if (!chosen.ok()) {
        MailResult failed = Failed(Message(chosen.status()));
        failed.forbidden = absl::IsPermissionDenied(chosen.status());
        return failed;
      }
      mechanism = *chosen;
    }
    const CurlEasy handle(curl_easy_init());
    if (handle == nullptr) return Failed("libcurl cannot make a handle");
    return Perform(handle.get(), request, mechanism);
  }

 private:
  // The order of the mechanisms is known after the greeting only, and libcurl wants the choice
  // before: with something for both kinds, a connection of its own asks.
  static StatusOr<Mechanism> Ask(const MailRequest& request) {
    const CurlEasy handle(curl_easy_init());
    if (handle == nullptr) return Internal("libcurl cannot make a handle");
    Call call(handle.get(), request);
    TRY(call.Prepare());
    const CURLcode code = call.Greet();
    if (!call.forbidden().empty()) return absl::PermissionDeniedError(call.ErrorText(code));
    if (code != CURLE_OK) return absl::UnavailableError(call.ErrorText(code));
    return Choose(request, call.dialogue().mechanisms);
  }

  static MailResult Perform(CURL* curl, const MailRequest& request, Mechanism mechanism) {
    Upload upload{request.message};
    Call call(curl, request);
    if (const Status ready = call.Prepare(); !ready.ok()) return Failed(Message(ready));
    SetLogin(curl, request, mechanism);
    const CURLcode code = call.SendMail(&upload);
    MailResult result = ResultOf(curl, code, upload, call.ErrorText(code));
    result.refused = std::move(call.dialogue().refused);
    result.forbidden = !call.forbidden().empty();
    return result;
  }

  CurlLibrary library_;
};

}  // namespace

std::unique_ptr<SmtpClient> MakeCurlSmtpClient() { return std::make_unique<CurlSmtpClient>(); }

}  // namespace outrider
