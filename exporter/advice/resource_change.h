// SPDX-License-Identifier: Apache-2.0
// What is proposed for one resource of one container, in values Kubernetes takes, and how far that
// is from what is set now: KRR's severities and score. Source: specs/cost_and_rightsizing.md §1.2,
// §5. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rules/capacity/judgement.h"
#include "rules/capacity/recommendation.h"

namespace outrider {

// Cores or bytes; absent: not set.
struct ResourceSetting {
  std::optional<double> request;
  std::optional<double> limit;
};

// Without `known` there was not enough data: `proposed` is empty and means nothing.
struct ResourceChange {
  Resource resource = Resource::kCpu;
  ResourceSetting current;
  ResourceSetting proposed;
  bool known = false;
  bool limit_unwanted = false;  // one is set, and the advice is to have none
  std::string info;             // why it is not known, or how it was found
};

// The request is the target. Where the advice is to have a limit, that limit; where it is to have
// none, one that is set stays (whoever set it decides), raised to the request when it is below:
// Kubernetes refuses a limit below the request.
ResourceChange ChangeOf(Resource resource, const ResourceAdvice& advice);

// KRR's scale of the difference of requests, set and proposed.
enum class ChangeSeverity { kUnknown, kGood, kOk, kWarning, kCritical };
std::string_view ChangeSeverityText(ChangeSeverity severity);              // UNKNOWN, GOOD, OK, …
std::optional<ChangeSeverity> ParseChangeSeverity(std::string_view text);  // in any case

ChangeSeverity SeverityOf(const ResourceChange& change);
// The worst of both resources; unknown when nothing is known.
ChangeSeverity SeverityOf(const Recommendation& recommendation);

// KRR's score: 100 without a change of weight; each critical one takes its whole share, each
// warning 0.7 of it. Nodes do not count (their pods do). Nothing for no recommendations.
std::optional<int> ScoreOf(std::span<const Recommendation> recommendations);
std::string_view GradeOf(int score);  // A from 90, B from 70, C from 55, D from 30, F

// Of both resources; nothing when neither is known or has a request.
std::optional<double> SavingsPerMonth(const Recommendation& recommendation);

// Something is proposed.
bool HasProposal(const Recommendation& recommendation);

}  // namespace outrider
