/* How much memory this process has taken. */
#ifndef BNN_BASE_MEMORY_H
#define BNN_BASE_MEMORY_H

/* The most bytes resident at one time since the program began (VmHWM); 0: this system does not say. */
double bnn_memory_peak(void);

#endif
