// SPDX-License-Identifier: Apache-2.0
// Prices and amounts as JSON. Numbers are exact: the digits of the decimal, not of a double. Where
// a currency is configured, amounts are in it: keys keep the word dollars only while it is USD.
#pragma once

#include <string_view>

#include "rules/pricing/price_book.h"
#include "storage/base/json.h"

namespace outrider {

// "currency": "EUR", "currency_per_dollar": 0.92.
void WriteCurrency(const Currency& currency, JsonWriter* json);
// In the currency, rounded half-up to 12 digits behind the point. `key` is written as it is in USD;
// in others `dollars` becomes `amount`.
void WriteAmount(std::string_view key, Money dollars, const Currency& currency, JsonWriter* json);
// provider, region, core_hour, gib_hour, gpu_hour, source, detail: into an open object.
void WriteResourcePrice(const ResourcePrice& price, const Currency& currency, JsonWriter* json);
void WriteNodePrice(const NodeFacts& facts, const NodePrice& price, const Currency& currency,
                    JsonWriter* json);
// storage, egress, load balancer and control plane: into an open object.
void WriteServices(const PriceBook& book, JsonWriter* json);

}  // namespace outrider
