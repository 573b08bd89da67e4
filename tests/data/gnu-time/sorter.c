#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int cmp(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
int main(int argc, char **argv) {
  int n = argc > 1 ? atoi(argv[1]) : 1000;
  int *data = malloc(sizeof(int) * (size_t)n);
  for (int i = 0; i < n; i++) data[i] = (i * 7919) % n;
  qsort(data, (size_t)n, sizeof(int), cmp);
  printf("%d\n", data[n / 2]);
  free(data);
  return 0;
}
