// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/answer_links.h"

#include <fmt/format.h>

#include <algorithm>

#include "exporter/api/answer_page.h"
#include "exporter/api/answer_text.h"
#include "exporter/api/product_common.h"
#include "exporter/api/prom_params.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxName = 64;  // runes

// A browser names the origin of a page that posts: `null` from ours, which keep their address to
// themselves.
bool IsForeign(const HttpRequest& request, const std::string& external_url) {
  const std::string origin = request.Header("Origin");
  if (origin.empty() || origin == "null") return false;
  const std::string host = request.Header("Host");
  if (origin == "http://" + host || origin == "https://" + host) return false;
  return external_url != origin && !external_url.starts_with(origin + "/");
}

HttpResponse Problem(const Status& status) {
  if (absl::IsPermissionDenied(status)) {
    return AnswerPageResponse(
        403, RenderAnswerProblem("This link is not valid",
                                 "It was not made here, is incomplete, or was withdrawn."));
  }
  if (absl::IsDeadlineExceeded(status)) {
    return AnswerPageResponse(
        410, RenderAnswerProblem("This link has expired",
                                 "Links are good for a while only. A newer message has another "
                                 "one, and so has the incident's page."));
  }
  if (absl::IsNotFound(status)) {
    return AnswerPageResponse(
        404, RenderAnswerProblem("The incident is gone", "It was resolved long ago."));
  }
  return AnswerPageResponse(
      503, RenderAnswerProblem("Not done", fmt::format("It could not be written down ({}). Please "
                                                       "try again.",
                                                       Message(status))));
}

// The user the link was sent to; of a shared one the receiver, with the name that was given.
StatusOr<std::string> WhoAnswers(const AnswerClaim& claim, HttpRequest& request) {
  const std::string contact = AnswererOf(claim.contact);
  if (!IsShared(claim.contact)) return contact;
  const HttpRequest::ParamList params = TRY(request.Params());
  const auto given = std::ranges::find(params, "who", &std::pair<std::string, std::string>::first);
  if (given == params.end() || !IsValidUtf8(given->second)) return contact;
  std::string name(RunePrefix(Trim(given->second), kMaxName));
  std::erase_if(name, [](unsigned char c) { return c < ' ' || c == 0x7f; });
  return name.empty() ? contact : fmt::format("{} ({})", name, contact);
}

HttpResponse Page(const AnswerView& view, int status, std::string said, Nanos now) {
  return AnswerPageResponse(
      status, RenderAnswerPage({view, std::move(said), IsShared(view.claim.contact), now}));
}

HttpResponse Show(const AnswerLinksDeps& deps, HttpRequest& request) {
  const Nanos now = deps.clock.NowNanos();
  const StatusOr<AnswerView> view = deps.desk.ReadAnswer(request.path_params.at("token"), now);
  return view.ok() ? Page(*view, 200, "", now) : Problem(view.status());
}

HttpResponse Act(const AnswerLinksDeps& deps, HttpRequest& request) {
  const Nanos now = deps.clock.NowNanos();
  const std::string& token = request.path_params.at("token");
  StatusOr<AnswerView> view = deps.desk.ReadAnswer(token, now);
  if (!view.ok()) return Problem(view.status());
  if (IsForeign(request, deps.desk.config()->external_url)) {
    return AnswerPageResponse(403, RenderAnswerProblem("Not done",
                                                       "A page of another site must "
                                                       "not answer for you."));
  }
  if (view->claim.action == AnswerAction::kView) return Page(*view, 200, "", now);
  const StatusOr<std::string> who = WhoAnswers(view->claim, request);
  if (!who.ok()) return Problem(who.status());
  StatusOr<AnswerResult> result = deps.desk.Answer(
      view->claim.action,
      {.incident_id = view->claim.incident_id,
       .who = *who,
       .channel = "link",
       .note = "",
       .data = {{"contact", view->claim.contact}, {"address", request.remote_address}}},
      now, view->claim.step);
  if (!result.ok()) return Problem(result.status());
  result->nameless = IsShared(view->claim.contact) && *who == AnswererOf(view->claim.contact);
  const std::string said = AnswerSentence(view->claim.action, *result, now);
  const bool refused = result->outcome == AnswerResult::Outcome::kRefused;
  view = deps.desk.ReadAnswer(token, now);  // what is offered now
  return view.ok() ? Page(*view, refused ? 409 : 200, said, now) : Problem(view.status());
}

StatusOr<HttpResponse> Rotate(const AnswerLinksDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const std::string_view revoke = params.Text("revoke");
  if (!revoke.empty() && revoke != "true" && revoke != "false") {
    return InvalidArgument("revoke: want true or false");
  }
  TRY(deps.desk.RotateAnswerKey(
      {.incident_id = "",
       .who = request.caller.name.empty() ? "anonymous" : request.caller.name,
       .channel = "api",
       .note = ""},
      revoke == "true", deps.clock.NowNanos()));
  return HttpResponse::Empty();
}

}  // namespace

void RegisterAnswerLinks(Router& router, const AnswerLinksDeps& deps) {
  router.Add("GET", "/outrider/v1/a/:token",
             [deps](HttpRequest& request) { return Show(deps, request); });
  router.Add("POST", "/outrider/v1/a/:token",
             [deps](HttpRequest& request) { return Act(deps, request); });
  router.Add("POST", "/outrider/v1/answers/rotate",
             ProductRoute([deps](HttpRequest& request) { return Rotate(deps, request); }));
}

}  // namespace outrider
