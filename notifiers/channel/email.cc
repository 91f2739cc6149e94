// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/email.h"

#include <fmt/format.h>

#include <utility>

#include "notifiers/channel/email_settings.h"
#include "notifiers/channel/http_outcome.h"
#include "notifiers/channel/mime.h"
#include "notifiers/channel/notification_data.h"
#include "rules/template/time_format.h"
#include "storage/base/crypto.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kIdDigits = 32;

std::string Id(std::string_view kind, std::string_view text) {
  return Sha256Hex(fmt::format("{}\n{}", kind, text)).substr(0, kIdDigits);
}

SendResult Outcome(const MailResult& mail, const std::string& password) {
  if (mail.delivered) return SendResult::Delivered();
  std::string reason = Redacted(mail.error, password);
  if (mail.code != 0 && reason.find(std::to_string(mail.code)) == std::string::npos) {
    reason = fmt::format("SMTP {}: {}", mail.code, reason);
  }
  if (mail.unknown) {
    return SendResult::Retry(reason + " (it may have arrived; a repeat has the same Message-ID)",
                             "other");
  }
  // 530, 534, 535 and 538 speak of authentication.
  const bool auth = mail.code == 530 || mail.code == 534 || mail.code == 535 || mail.code == 538;
  if (mail.code >= 500) return SendResult::Rejected(reason, auth ? "authError" : "clientError");
  return SendResult::Retry(reason, mail.code >= 400 ? "serverError" : "other");
}

class EmailChannel final : public Channel {
 public:
  EmailChannel(EmailSettings settings, const ChannelTools& tools)
      : settings_(std::move(settings)), tools_(tools) {}

  SendResult Send(const Notification& notification) override {
    const StatusOr<MailRequest> request = Build(notification);
    if (!request.ok()) return NotSendable(request.status());
    return Outcome(tools_.smtp.Send(*request), request->password);
  }
  // The Message-ID is the key: mail systems drop or fold a second mail with the same one.
  bool Idempotent() const override { return true; }

 private:
  StatusOr<MailRequest> Build(const Notification& notification) const {
    const tmpl::Value data = NotificationData(notification);
    const tmpl::TemplateSet& templates = tools_.templates;
    const auto addresses = [&](const char* what,
                               const std::string& text) -> StatusOr<std::vector<MailAddress>> {
      auto parsed = ParseMailAddresses(TRY(templates.ExecuteText(text, data)));
      if (parsed.ok()) return parsed;
      return Annotate(parsed.status(), fmt::format("parse '{}' addresses", what));
    };
    const std::vector<MailAddress> from = TRY(addresses("from", settings_.from));
    if (from.size() != 1) return InvalidArgument("must be exactly one 'from' address");
    MailRequest request;
    request.from = from[0].address;
    for (const MailAddress& to : TRY(addresses("to", settings_.to))) {
      request.to.push_back(to.address);
    }
    request.smarthost = settings_.smarthost;
    request.hello = settings_.hello;
    request.require_tls = settings_.require_tls;
    request.implicit_tls = settings_.implicit_tls;
    request.insecure_skip_verify = settings_.insecure_skip_verify;
    request.username = settings_.username;
    request.password = TRY(settings_.password.Read());
    request.message = TRY(Mail(notification, data, from[0].address));
    return request;
  }

  StatusOr<std::string> Mail(const Notification& notification, const tmpl::Value& data,
                             const std::string& from) const {
    const tmpl::TemplateSet& templates = tools_.templates;
    std::vector<std::pair<std::string, std::string>> headers;
    for (const auto& [name, text] : settings_.headers) {
      const std::string value = TRY(templates.ExecuteText(text, data));
      // Names in address headers are encoded one by one: an encoded address would not be one.
      const auto addresses = ParseMailAddresses(value);
      const bool address_header =
          name == "To" || name == "From" || name == "Cc" || name == "Reply-To";
      headers.emplace_back(name, address_header && addresses.ok() ? FormatMailAddresses(*addresses)
                                                                  : EncodeHeader(value));
    }
    const std::string domain = from.substr(from.rfind('@') + 1);
    const std::string thread =
        notification.incident_id.empty() ? notification.group_key : notification.incident_id;
    headers.emplace_back(
        "Message-Id", fmt::format("<{}@{}>", Id("message", notification.idempotency_key), domain));
    headers.emplace_back("References", fmt::format("<{}@{}>", Id("thread", thread), domain));
    headers.emplace_back(
        "Date", tmpl::FormatTime({notification.now, 0, ""}, "Mon, 02 Jan 2006 15:04:05 -0700"));
    headers.emplace_back("Auto-Submitted", "auto-generated");
    std::vector<MailPart> parts;
    if (!settings_.text.empty()) {
      std::string text = TRY(templates.ExecuteText(settings_.text, data));
      if (!notification.note.empty()) text += "\n\n" + notification.note + "\n";
      parts.push_back({"text/plain; charset=UTF-8", std::move(text)});
    }
    if (!settings_.html.empty()) {
      std::string html = TRY(templates.ExecuteHtml(settings_.html, data));
      // Templates written for Alertmanager know no note.
      const std::string note = EscapeHtml(notification.note);
      if (html.find(note) == std::string::npos) html += "<p>" + note + "</p>\n";
      parts.push_back({"text/html; charset=UTF-8", std::move(html)});
    }
    return FormatMail(headers, parts, Id("boundary", notification.idempotency_key));
  }

  const EmailSettings settings_;
  const ChannelTools tools_;
};

// Every template of the section parses.
Status CheckTemplates(const EmailSettings& settings, const tmpl::TemplateSet& templates) {
  for (const std::string* text : {&settings.to, &settings.from, &settings.html, &settings.text}) {
    TRY(templates.Check(*text));
  }
  for (const auto& [name, text] : settings.headers) {
    const Status valid = templates.Check(text);
    if (!valid.ok()) return Annotate(valid, name);
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakeEmailChannel(const YamlNode& section,
                                                    const AlertmanagerConfig& config,
                                                    const ChannelTools* tools) {
  EmailSettings settings = TRY(ReadEmailSettings(section, config));
  std::unique_ptr<Channel> channel;
  if (tools == nullptr) return channel;
  const Status valid = CheckTemplates(settings, tools->templates);
  if (!valid.ok()) {
    return YamlError(config.file, section, Message(valid));
  }
  return std::unique_ptr<Channel>(std::make_unique<EmailChannel>(std::move(settings), *tools));
}

}  // namespace outrider
