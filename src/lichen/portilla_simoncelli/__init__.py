"""The texture model of Portilla and Simoncelli: its statistics, and how to impose them.

J. Portilla and E. P. Simoncelli, "A Parametric Texture Model Based on Joint Statistics of Complex
Wavelet Coefficients", IJCV 40:49, 2000.

Read in this order. The statistics of an image, above
:mod:`lichen.features.steerable_pyramid`:

1. ``maps``: image -> pyramid -> the maps that the model correlates;
2. ``statistics``: maps -> 710 numbers for each plane of colour, and those that join the planes;
3. ``measurement``: the public :func:`~measurement.portilla_simoncelli_statistics`, with a name for
   each number.

The synthesis of an image with given statistics, which
:mod:`lichen.methods.learning.portilla_simoncelli` runs:

4. ``adjustments``: the paper's projections onto one kind of statistic each;
5. ``projections``: a round of all of them, over and over;
6. ``loss``: the distance from an exemplar's statistics, and the residuals that it sums;
7. ``gauss_newton``: descent on those residuals in the metric of their gradients;
8. ``gradients``: the gradient of each kind of statistic, from which that metric is computed.
"""
