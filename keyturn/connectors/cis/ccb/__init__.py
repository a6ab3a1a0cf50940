"""How is Oracle CC&B / Customer Cloud Service reached: two mapping files for the engine in `mapped`, and a simulator?"""
