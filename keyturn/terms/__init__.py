"""The words everything else is written in: plain Python that knows neither Django, nor the clock, nor the network."""
