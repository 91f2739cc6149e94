// SPDX-License-Identifier: Apache-2.0
#include "notifiers/route/packed_alert.h"

#include <algorithm>

#include "notifiers/route/alert_order.h"

namespace outrider {
namespace {

const Labels& LabelsOf(const Alert& alert) { return alert.labels; }
const Labels& LabelsOf(const PackedAlert& alert) { return alert.identity->labels; }

// What is asked of each alert many times is looked up once.
struct Place {
  std::string_view job;
  std::string_view instance;
  size_t at = 0;
};

Place PlaceOf(const Labels& labels, size_t at) {
  Place place{.job = {}, .instance = {}, .at = at};
  for (const LabelView label : labels) {
    if (label.name == "instance") place.instance = label.value;
    if (label.name == "job") place.job = label.value;
    if (label.name >= "job") break;
  }
  return place;
}

template <typename A>
void Sort(std::vector<A>* alerts) {
  std::vector<Place> places;
  places.reserve(alerts->size());
  for (size_t i = 0; i < alerts->size(); ++i) places.push_back(PlaceOf(LabelsOf((*alerts)[i]), i));
  std::sort(places.begin(), places.end(), [&](const Place& a, const Place& b) {
    if (a.job == b.job && a.instance != b.instance && !a.instance.empty() && !b.instance.empty()) {
      return a.instance < b.instance;
    }
    return AlertBefore(LabelsOf((*alerts)[a.at]), LabelsOf((*alerts)[b.at]));
  });
  std::vector<A> sorted;
  sorted.reserve(alerts->size());
  for (const Place& place : places) sorted.push_back(std::move((*alerts)[place.at]));
  *alerts = std::move(sorted);
}

}  // namespace

void AppendDetail(std::string_view text, std::string* details) {
  size_t size = text.size();
  for (; size >= 0x80; size >>= 7) *details += static_cast<char>(size | 0x80);
  *details += static_cast<char>(size);
  *details += text;
}

std::string_view TakeDetail(std::string_view* details) {
  size_t size = 0;
  for (int shift = 0; !details->empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(details->front());
    details->remove_prefix(1);
    size |= static_cast<size_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  const std::string_view text = details->substr(0, size);
  details->remove_prefix(text.size());
  return text;
}

std::string PackDetails(const Annotations& annotations, std::string_view generator_url) {
  std::string details;
  AppendDetail(generator_url, &details);
  for (const auto& [name, value] : annotations) {
    AppendDetail(name, &details);
    AppendDetail(value, &details);
  }
  details.shrink_to_fit();
  return details;
}

Alert PackedAlert::ToAlert() const {
  Alert alert;
  alert.labels = identity->labels;
  std::string_view details = identity->details;
  alert.generator_url = TakeDetail(&details);
  ForEachAnnotation(*identity, [&](std::string_view name, std::string_view text) {
    alert.annotations.emplace_hint(alert.annotations.end(), name, text);
  });
  alert.starts_at = starts_at;
  alert.ends_at = ends_at;
  alert.updated_at = updated_at;
  alert.timeout = timeout;
  alert.source = source;
  alert.value = value;
  return alert;
}

void SortAlerts(std::vector<Alert>* alerts) { Sort(alerts); }
void SortAlerts(std::vector<PackedAlert>* alerts) { Sort(alerts); }

}  // namespace outrider
