// SPDX-License-Identifier: Apache-2.0
// Slack, Telegram and Twilio calling back when somebody answers a page there. Each proves its calls
// with the secret of its section in incidents.yml (`answering`); without one its path answers 404.
#pragma once

#include "exporter/api/product_common.h"
#include "exporter/http/server.h"
#include "notifiers/desk/desk.h"
#include "storage/base/clock.h"

namespace outrider {

struct AnswerCallbacksDeps {
  Desk& desk;
  const Clock& clock;
};

//   POST /outrider/v1/callbacks/slack          a form with `payload`; answers with a message that
//                                              only who pressed sees
//   POST /outrider/v1/callbacks/telegram       an update; answers with answerCallbackQuery
//   POST /outrider/v1/callbacks/twilio/sms     a text message such as `1a`; answers with TwiML
//   POST /outrider/v1/callbacks/twilio/voice   a digit: 4 acknowledges, 6 resolves, 5 escalates
// 403: the call is not theirs, and nothing happened. A call that comes twice changes nothing the
// second time. What `deps` refers to outlives the router.
void RegisterAnswerCallbacks(Router& router, const AnswerCallbacksDeps& deps);
// The last two, in answer_twilio.cc.
void RegisterTwilioCallbacks(Router& router, const AnswerCallbacksDeps& deps);

// As ProductRoute, with 403 for PermissionDenied.
HttpHandler CallbackRoute(ProductHandler handler);
// The secret of a service. NotFound: it is not configured, or answering is switched off.
StatusOr<std::string> CallbackSecret(const AnsweringConfig& answering,
                                     const CallbackConfig& callback);
inline constexpr size_t kMaxCallbackBody = 512 * 1024;  // Slack sends the whole message back

}  // namespace outrider
