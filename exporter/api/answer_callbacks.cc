// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/answer_callbacks.h"

#include <fmt/format.h>

#include "exporter/api/answer_proof.h"
#include "exporter/api/answer_text.h"
#include "exporter/api/product_common.h"
#include "storage/base/json.h"

namespace outrider {
namespace {

HttpResponse Refused(const Status& status) {
  if (!absl::IsPermissionDenied(status)) return ProductError(status);
  HttpResponse response = ProductError(status);
  response.status = 403;
  return response;
}

// Who pressed, as the audit trail names them: a user of ours, else the service's name for them.
std::string WhoPressed(const CallbackConfig& callback, const PressedButton& button,
                       std::string_view service) {
  const std::string& name = button.user_name.empty() ? button.user_id : button.user_name;
  return callback.NameOf(button.user_id, fmt::format("{} ({})", name, service));
}

// What to tell who pressed. An error: they should press again later.
StatusOr<std::string> Press(const AnswerCallbacksDeps& deps, const PressedButton& button,
                            std::string who, std::string channel) {
  const Nanos now = deps.clock.NowNanos();
  const StatusOr<AnswerView> view = deps.desk.ReadAnswer(button.token, now);
  if (absl::IsDeadlineExceeded(view.status())) return std::string("This button has expired.");
  if (absl::IsNotFound(view.status())) return std::string("The incident is gone.");
  if (!view.ok()) return std::string("This button is not valid any more.");
  AnswerResult result = TRY(deps.desk.Answer(view->claim.action,
                                             {.incident_id = view->claim.incident_id,
                                              .who = std::move(who),
                                              .channel = std::move(channel),
                                              .note = "",
                                              .data = {{"service_user", button.user_id}}},
                                             now, view->claim.step));
  result.nameless = button.user_name.empty() && button.user_id.empty();
  return AnswerSentence(view->claim.action, result, now);
}

StatusOr<HttpResponse> Slack(const AnswerCallbacksDeps& deps, HttpRequest& request) {
  const std::shared_ptr<const DeskConfig> config = deps.desk.config();
  const CallbackConfig& slack = config->answering.slack;
  const std::string secret = TRY(CallbackSecret(config->answering, slack));
  const std::string body = TRY(request.ReadBody(kMaxCallbackBody));
  TRY(CheckSlack(secret, request.Header("X-Slack-Request-Timestamp"),
                 request.Header("X-Slack-Signature"), body, deps.clock.NowNanos()));
  const PressedButton button = TRY(ReadSlackButton(TRY(ParseForm(body))));
  if (button.token.empty()) return HttpResponse::Text(200, "");
  const std::string said = TRY(Press(deps, button, WhoPressed(slack, button, "Slack"), "slack"));
  std::string answer;
  JsonWriter json(&answer);
  json.StartObject().Key("response_type").String("ephemeral");
  json.Key("replace_original").Bool(false).Key("text").String(said).EndObject();
  return HttpResponse::Json(200, std::move(answer));
}

StatusOr<HttpResponse> Telegram(const AnswerCallbacksDeps& deps, HttpRequest& request) {
  const std::shared_ptr<const DeskConfig> config = deps.desk.config();
  const CallbackConfig& telegram = config->answering.telegram;
  const std::string secret = TRY(CallbackSecret(config->answering, telegram));
  TRY(CheckTelegram(secret, request.Header("X-Telegram-Bot-Api-Secret-Token")));
  const PressedButton button = TRY(ReadTelegramButton(TRY(request.ReadBody(kMaxCallbackBody))));
  if (button.token.empty()) return HttpResponse::Json(200, "{}");
  const std::string said =
      TRY(Press(deps, button, WhoPressed(telegram, button, "Telegram"), "telegram"));
  std::string answer;
  JsonWriter json(&answer);
  json.StartObject().Key("method").String("answerCallbackQuery");
  json.Key("callback_query_id").String(button.query_id);
  json.Key("text").String(said).Key("show_alert").Bool(true).EndObject();
  return HttpResponse::Json(200, std::move(answer));
}

}  // namespace

StatusOr<std::string> CallbackSecret(const AnsweringConfig& answering,
                                     const CallbackConfig& callback) {
  if (!answering.enabled || !callback.on()) {
    return NotFound("this is not configured: see `answering` in incidents.yml");
  }
  return callback.secret.Read();
}

HttpHandler CallbackRoute(ProductHandler handler) {
  return [handler = std::move(handler)](HttpRequest& request) {
    StatusOr<HttpResponse> response = handler(request);
    return response.ok() ? *std::move(response) : Refused(response.status());
  };
}

void RegisterAnswerCallbacks(Router& router, const AnswerCallbacksDeps& deps) {
  router.Add("POST", "/outrider/v1/callbacks/slack",
             CallbackRoute([deps](HttpRequest& request) { return Slack(deps, request); }));
  router.Add("POST", "/outrider/v1/callbacks/telegram",
             CallbackRoute([deps](HttpRequest& request) { return Telegram(deps, request); }));
  RegisterTwilioCallbacks(router, deps);
}

}  // namespace outrider
