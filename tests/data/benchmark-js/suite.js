// Run as: node suite.js <folder of the benchmark package>
var Benchmark = require(process.argv[2]);
function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
function run(title, tests, next) {
  console.log(title);
  var suite = new Benchmark.Suite(title);
  Object.keys(tests).forEach(function (key) { suite.add(key, tests[key], {maxTime: 0.5}); });
  suite.on('cycle', function (event) { console.log(String(event.target)); })
       .on('complete', function () {
         console.log('Fastest is ' + [].map.call(this.filter('fastest'), function (b) { return b.name; }));
         if (next) next();
       });
  suite.run({async: true});
}
var text = 'Hello World!';
var second = {'fib(20)': function () { fib(20); }, 'fib(30) x 1': function () { fib(30); }};
if (process.argv[3]) second.broken = function () { throw new TypeError('no such thing'); };
run('search', {
  'RegExp#test': function () { /o/.test(text); },
  'String#indexOf': function () { text.indexOf('o') > -1; }
}, function () { run('fibonacci', second); });
