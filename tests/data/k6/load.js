// Run as: k6 run --summary-export=summary.json k6.js; handleSummary writes all of the summary's data to a file too.
import http from 'k6/http';
import { check, group, sleep } from 'k6';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';

const waits = new Trend('my_waits', true);
const sizes = new Trend('my_sizes');
const good = new Rate('my_good');
const seen = new Counter('my_seen');
const depth = new Gauge('my_depth');

export const options = {
  vus: 2,
  iterations: 40,
  summaryTrendStats: ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)', 'p(99)', 'p(99.9)', 'count'],
  thresholds: { http_req_duration: ['p(95)<500'], my_waits: ['avg<0.001'], 'http_req_duration{expected_response:true}': ['max<5000'] },
};

export default function () {
  group('pages', () => {
    const answer = http.get(`${__ENV.TARGET}/odd`);
    check(answer, { 'status is 200': (r) => r.status === 200, 'has a body': (r) => r.body.length > 0 });
    waits.add(answer.timings.waiting);
    sizes.add(answer.body.length);
    good.add(answer.status === 200);
    seen.add(1);
    depth.add(3);
  });
}

export function handleSummary(data) {
  return { [__ENV.DATA]: JSON.stringify(data, null, 1) };
}
