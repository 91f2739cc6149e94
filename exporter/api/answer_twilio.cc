// SPDX-License-Identifier: Apache-2.0
// Twilio: text messages such as `1a`, and digits pressed in a call.
#include <fmt/format.h>

#include "exporter/api/answer_callbacks.h"
#include "exporter/api/answer_proof.h"
#include "exporter/api/answer_text.h"
#include "notifiers/desk/answer_codes.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kSmsPath = "/outrider/v1/callbacks/twilio/sms";
constexpr std::string_view kVoicePath = "/outrider/v1/callbacks/twilio/voice";
constexpr std::string_view kHelp =
    "Not understood. Reply with the number of the message and a letter: 1a acknowledges, 1r "
    "resolves, 1e escalates.";

HttpResponse Twiml(std::string_view verb, std::string_view text) {
  std::string body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>";
  if (!text.empty()) body += fmt::format("<{0}>{1}</{0}>", verb, EscapeHtml(text));
  HttpResponse response = HttpResponse::Text(200, body + "</Response>");
  response.content_type = "text/xml; charset=utf-8";
  return response;
}

// The form of a call that is Twilio's. The URL is the one Twilio knows us by.
StatusOr<FormPairs> ReadCall(const AnswerCallbacksDeps& deps, std::string_view path,
                             HttpRequest& request) {
  const std::shared_ptr<const DeskConfig> config = deps.desk.config();
  const std::string secret = TRY(CallbackSecret(config->answering, config->answering.twilio));
  FormPairs form = TRY(ParseForm(TRY(request.ReadBody(kMaxCallbackBody))));
  const std::string url = fmt::format("{}{}{}{}", config->external_url, path,
                                      request.query.empty() ? "" : "?", request.query);
  TRY(CheckTwilio(secret, request.Header("X-Twilio-Signature"), url, form));
  return form;
}

struct SmsReply {
  std::string text;
  bool to_code = false;  // to a code that this phone has been sent
};

// What to reply to a text message.
StatusOr<SmsReply> AnswerSms(const AnswerCallbacksDeps& deps, const std::string& phone,
                             const std::string& text) {
  const Nanos now = deps.clock.NowNanos();
  const std::optional<CodeAnswer> code = ParseCodeAnswer(text);
  if (!code) return SmsReply{std::string(kHelp)};
  const StatusOr<AnswerCodes::Entry> entry = deps.desk.FindAnswerCode(phone, code->number, now);
  if (!entry.ok()) {
    return SmsReply{code->number == 0
                        ? std::string(kHelp)
                        : fmt::format("There is no incident {} for you.", code->number)};
  }
  StatusOr<AnswerResult> result = deps.desk.Answer(code->action,
                                                   {.incident_id = entry->incident_id,
                                                    .who = AnswererOf(entry->contact),
                                                    .channel = "sms",
                                                    .note = "",
                                                    .data = {{"contact", entry->contact}}},
                                                   now, entry->step);
  if (absl::IsNotFound(result.status())) return SmsReply{"The incident is gone."};
  TRY(result.status());
  result->nameless = IsShared(entry->contact);
  return SmsReply{AnswerSentence(code->action, *result, now), true};
}

StatusOr<HttpResponse> Sms(const AnswerCallbacksDeps& deps, HttpRequest& request) {
  const FormPairs form = TRY(ReadCall(deps, kSmsPath, request));
  const std::string phone = FormValue(form, "From");
  const SmsReply reply = TRY(AnswerSms(deps, phone, FormValue(form, "Body")));
  // Whoever sends a code that they have been sent hears what became of it.
  if (reply.to_code) return Twiml("Message", reply.text);
  // Strangers are not answered, and nobody for ever: the other side may be a machine too.
  const bool may = TRY(deps.desk.CountAutoReply(phone, deps.clock.NowNanos()));
  return Twiml("Message", may ? reply.text : "");
}

std::optional<AnswerAction> ActionOfDigit(std::string_view digits) {
  if (digits == "4") return AnswerAction::kAcknowledge;
  if (digits == "6") return AnswerAction::kResolve;
  if (digits == "5") return AnswerAction::kEscalate;
  return std::nullopt;
}

// Whose phone was called: a user's rather than that of a receiver which has the number as well; ""
// when nobody has it any more.
std::string ContactCalled(const AnsweringConfig& answering, const std::string& number) {
  std::string contact;
  for (const auto& [integration, phone] : answering.phones) {
    const std::string& receiver = integration.first;
    if (phone != PhoneText(number) || (!contact.empty() && IsShared(receiver))) continue;
    contact = receiver;
  }
  return contact;
}

StatusOr<HttpResponse> Voice(const AnswerCallbacksDeps& deps, HttpRequest& request) {
  const FormPairs form = TRY(ReadCall(deps, kVoicePath, request));
  const Nanos now = deps.clock.NowNanos();
  const std::string token = FormValue(TRY(ParseForm(request.query)), "t");
  const StatusOr<AnswerView> view = deps.desk.ReadAnswer(token, now);
  if (!view.ok()) return Twiml("Say", "This call can no longer be answered.");
  const std::optional<AnswerAction> action = ActionOfDigit(FormValue(form, "Digits"));
  if (!action) return Twiml("Say", "This digit means nothing. Goodbye.");
  const std::string number = FormValue(form, "To");
  const std::string contact = ContactCalled(deps.desk.config()->answering, number);
  AnswerResult result = TRY(deps.desk.Answer(*action,
                                             {.incident_id = view->claim.incident_id,
                                              .who = contact.empty() ? number : AnswererOf(contact),
                                              .channel = "voice",
                                              .note = ""},
                                             now, view->claim.step));
  result.nameless = IsShared(contact);
  return Twiml("Say", AnswerSentence(*action, result, now));
}

}  // namespace

void RegisterTwilioCallbacks(Router& router, const AnswerCallbacksDeps& deps) {
  router.Add("POST", std::string(kSmsPath),
             CallbackRoute([deps](HttpRequest& request) { return Sms(deps, request); }));
  router.Add("POST", std::string(kVoicePath),
             CallbackRoute([deps](HttpRequest& request) { return Voice(deps, request); }));
}

}  // namespace outrider
